import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { connectOpen } from '../../internet/connect-open.ts'
import { readCertificate } from '../../server/certificate.ts'
import { ServerError } from '../../server/errors.ts'
import { CA } from './internet-port/port-world.ts'
import { run, runServer } from './program.ts'
import { folder } from './world.ts'

const DEMO = fileURLToPath(new URL('../../demo/certificate/', import.meta.url))
const UNUSABLE = { instanceOf: ServerError, code: 'CERTIFICATE_UNUSABLE' }

/** Copies, so that their modes can be the test's own. */
function files(t: ExecutionContext) {
  const own = folder(t)
  const [certificate, key] = [join(own, 'cert.pem'), join(own, 'key.pem')]
  copyFileSync(join(DEMO, 'server.pem'), certificate)
  copyFileSync(join(DEMO, 'server-key.pem'), key)
  chmodSync(key, 0o600)
  return { own, certificate, key }
}

test('certificate and key are read; a key that others may read is a warning', async (t) => {
  const { certificate, key } = files(t)
  const warnings: string[] = []
  const read = () => readCertificate(certificate, key, (what) => warnings.push(what))
  t.regex((await read()).cert, /^-----BEGIN CERTIFICATE-----/)
  t.regex((await read()).key, /^-----BEGIN PRIVATE KEY-----/)
  t.deepEqual(warnings, [])
  chmodSync(key, 0o644)
  await read()
  t.deepEqual(warnings, [`others may read ${key}`])
})

test('a key that everybody may write, and files that are not there, are refused', async (t) => {
  const { own, certificate, key } = files(t)
  chmodSync(key, 0o602)
  await t.throwsAsync(readCertificate(certificate, key, t.fail), UNUSABLE)
  chmodSync(key, 0o600)
  for (const [one, other] of [
    [join(own, 'none'), key],
    [certificate, join(own, 'none')],
    [own, key],
  ] as const) {
    await t.throwsAsync(readCertificate(one, other, t.fail), UNUSABLE)
  }
})

test.serial('the program opens the shop with it, and says in one line why it cannot', async (t) => {
  const { own, certificate, key } = files(t)
  const content = join(own, 'content')
  mkdirSync(content)
  const options = ['--data', join(own, 'data'), '--content', content]
  const server = await runServer(t, [...options, '--certificate', certificate, '--certificate-key', key])
  const port = Number(server.internet.split(':')[1])
  const socket = await connectOpen({ host: 'localhost', port, ca: CA })
  t.is(socket.getProtocol(), 'TLSv1.3')
  socket.destroy()
  t.is(await server.stop(), 0)
  const garbage = join(own, 'garbage.pem')
  writeFileSync(garbage, 'no certificate')
  for (const [args, code] of [
    [['--certificate', certificate], 'USAGE'],
    [['--certificate-key', key], 'USAGE'],
    [['--certificate', garbage, '--certificate-key', key], 'CERTIFICATE_UNUSABLE'],
    [['--certificate', join(DEMO, 'ca.pem'), '--certificate-key', key], 'CERTIFICATE_UNUSABLE'],
    [['--certificate', certificate, '--certificate-key', certificate], 'CERTIFICATE_UNUSABLE'],
  ] as const) {
    const { code: exit, err } = await run(['run', '--json', '--listen', '127.0.0.1:0', ...options, ...args])
    t.is(exit, code === 'USAGE' ? 2 : 1, args.join(' '))
    t.is(JSON.parse(err).error.code, code)
    t.notRegex(err, /BEGIN|PRIVATE/)
  }
})
