import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, lstat, mkdir, mkdtemp, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { answers, listenAlone } from '../../../host-driver/keeper/listen.ts'
import { privateFolder, socketPath, stateFolder } from '../../../host-driver/keeper/state-folder.ts'

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'keyline-k-'))
  t.teardown(() => rm(path, { recursive: true, force: true }))
  return path
}

function server(t: ExecutionContext): Server {
  const it = createServer((socket) => socket.destroy())
  t.teardown(() => it.close())
  return it
}

test('where the keeper lives', (t) => {
  t.is(stateFolder({ KEYLINE_STATE: '/x', XDG_RUNTIME_DIR: '/run/user/1', HOME: '/home/a' }), '/x')
  t.is(stateFolder({ KEYLINE_STATE: '', XDG_RUNTIME_DIR: '/run/user/1', HOME: '/home/a' }), '/run/user/1/keyline')
  t.is(stateFolder({ HOME: '/home/a' }), '/home/a/.local/state/keyline')
  t.throws(() => stateFolder({}), { code: 'STATE_UNSAFE' })
})

test('a path that no socket can have is told before it is cut off silently', (t) => {
  t.is(socketPath('/run/user/1000/keyline'), '/run/user/1000/keyline/keeper.sock')
  t.throws(() => socketPath(`/${'x'.repeat(100)}`), { code: 'STATE_UNSAFE' })
})

test('a missing folder is made private, whatever the umask says', async (t) => {
  const path = join(await folder(t), 'a', 'b')
  await privateFolder(path)
  t.is((await stat(path)).mode & 0o777, 0o700)
  await privateFolder(path)
})

test('a folder that is open to others is refused, not repaired', async (t) => {
  const path = await folder(t)
  for (const mode of [0o750, 0o701, 0o777]) {
    await chmod(path, mode)
    await t.throwsAsync(privateFolder(path), { code: 'STATE_UNSAFE', message: /open to other users/ })
  }
})

test('a folder of another user is refused', async (t) => {
  const path = await folder(t)
  const error = await t.throwsAsync(privateFolder(path, (process.getuid?.() ?? 0) + 1), { code: 'STATE_UNSAFE' })
  t.regex(error?.message ?? '', /another user/)
})

test('a link or a file in the place of the folder is refused', async (t) => {
  const path = await folder(t)
  await mkdir(join(path, 'real'), { mode: 0o700 })
  await symlink(join(path, 'real'), join(path, 'link'))
  await t.throwsAsync(privateFolder(join(path, 'link')), { code: 'STATE_UNSAFE' })
  await writeFile(join(path, 'file'), '')
  await t.throwsAsync(privateFolder(join(path, 'file')), { code: 'STATE_UNSAFE' })
  await t.throwsAsync(privateFolder(join(path, 'file', 'below')), { code: 'STATE_UNSAFE' })
})

test('the first one listens, the second one finds it running', async (t) => {
  const path = join(await folder(t), 's')
  t.false(await answers(path))
  t.is(await listenAlone(server(t), path), 'listening')
  t.true(await answers(path))
  t.is(await listenAlone(server(t), path), 'running')
})

test('of ten that start at once exactly one listens', async (t) => {
  const path = join(await folder(t), 's')
  const ends = await Promise.all(Array.from({ length: 10 }, () => listenAlone(server(t), path)))
  t.is(ends.filter((end) => end === 'listening').length, 1)
})

test('a stale socket is replaced, by exactly one of many', async (t) => {
  const path = join(await folder(t), 's')
  await staleSocket(path)
  t.true((await lstat(path)).isSocket())
  t.false(await answers(path))
  const ends = await Promise.all(Array.from({ length: 5 }, () => listenAlone(server(t), path)))
  t.is(ends.filter((end) => end === 'listening').length, 1)
  t.true(await answers(path))
})

test('what is no socket is left alone', async (t) => {
  const path = join(await folder(t), 's')
  await writeFile(path, 'precious')
  await t.throwsAsync(listenAlone(server(t), path), { code: 'STATE_UNSAFE' })
  t.true((await lstat(path)).isFile())
})

test('who was killed while it replaced a socket does not stop the others for ever', async (t) => {
  const path = join(await folder(t), 's')
  await mkdir(`${path}.starting`)
  const long = new Date(Date.now() - 60_000)
  await utimes(`${path}.starting`, long, long)
  t.is(await listenAlone(server(t), path), 'listening')
})

/** What a killed process leaves: a socket file with nobody behind it. */
async function staleSocket(path: string): Promise<void> {
  const program = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.stdout.write('up'))`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
}
