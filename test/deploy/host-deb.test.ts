import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { hostDeb } from '../../deploy/deb.ts'
import { installed } from '../../deploy/image/needs.ts'
import { type Command, command, folder, notRun, PATH, run, works } from './installed.ts'

/** What the package installs, run from a folder. @param node instead of /usr/bin/node */
async function unpacked(t: ExecutionContext, node: string): Promise<Command> {
  const home = folder(t)
  await run('dpkg-deb', ['--extract', await hostDeb(home, process.arch === 'arm64' ? 'arm64' : 'amd64'), home])
  const wrapper = join(home, 'usr/bin/keyline')
  const text = readFileSync(wrapper, 'utf8')
  t.true(text.includes('exec /usr/bin/node /usr/lib/keyline-host/'))
  writeFileSync(wrapper, text.replace('/usr/bin/node', node).replace('/usr/lib/', `${home}/usr/lib/`))
  return command(home, [wrapper])
}

test('what the host package installs logs in by telephone', async (t) => {
  t.timeout(240_000)
  if (!installed('dpkg-deb')) return notRun(t, 'there is no dpkg-deb')
  await works(t, await unpacked(t, process.execPath))
})

test('on a Node of the system it either has what it needs, or says so before anybody is called', async (t) => {
  t.timeout(240_000)
  if (!installed('dpkg-deb')) return notRun(t, 'there is no dpkg-deb')
  const tls = "require('tls').createSecureContext({ ecdhCurve: 'X25519MLKEM768' })"
  const versions = await run('node', ['-p', 'process.versions.node'], { env: { PATH } }).catch(() => undefined)
  if (Number(versions?.stdout.split('.')[0] ?? 0) < 20)
    return notRun(t, 'this system has no Node of its own from 20 on')
  const keyline = await unpacked(t, 'node')
  const fits = await run('node', ['-e', tls], { env: { PATH } }).then(
    () => true,
    () => false,
  )
  if (fits) return works(t, keyline)
  const failed = await t.throwsAsync(keyline(['login', '--user', 'alice', '--card', '/dev/null', '--json'], 'x\n'))
  t.regex(String((failed as { stdout?: string }).stdout), /NODE_TOO_OLD/)
})
