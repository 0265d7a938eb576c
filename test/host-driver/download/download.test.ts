import { chmod, link, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type DownloadParts, download } from '../../../host-driver/download/download.ts'
import type { Progress } from '../../../host-driver/events.ts'
import type { Session } from '../../../host-driver/session.ts'
import { seeded } from '../../random.ts'
import type { FakeServer } from '../fake-server.ts'
import { sha256 } from '../fake-server.ts'
import { loggedIn, world } from '../world.ts'

const SEED = 7_654_321

/** Random bytes that do not repeat, so that a wrong offset shows. */
function noise(size: number, seed = SEED): Buffer {
  const random = seeded(seed)
  return Buffer.from(Array.from({ length: size }, () => random(256)))
}

interface Place {
  readonly server: FakeServer
  readonly session: Session
  readonly folder: string
  readonly events: Progress[]
  readonly pauses: number[]
  readonly parts: DownloadParts
  /** What is in the folder. */
  ls(): Promise<string[]>
}

async function place(t: ExecutionContext): Promise<Place> {
  const w = await world(t)
  const session = await loggedIn(t, w)
  const folder = await mkdtemp(join(tmpdir(), 'keyline-get-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const events: Progress[] = []
  const pauses: number[] = []
  const after = (ms: number, run: () => void): (() => void) => {
    pauses.push(ms)
    setImmediate(run)
    return () => {}
  }
  const parts = { fetch: session.fetch, after, onProgress: (event: Progress) => events.push(event) }
  return { server: w.server, session, folder, events, pauses, parts, ls: async () => (await readdir(folder)).sort() }
}

test("S17': a title arrives whole, verified, under its name, and nothing else stays", async (t) => {
  const p = await place(t)
  const bytes = noise(300_000)
  p.server.add('tones.mp3', bytes)
  const done = await p.session.download('tones.mp3', { to: p.folder })
  t.is(done.path, join(p.folder, 'tones.mp3'))
  t.is(done.resumedFrom, 0)
  t.is(done.item.sha256, sha256(bytes))
  t.deepEqual(await readFile(done.path), bytes)
  t.deepEqual(await p.ls(), ['tones.mp3'])
})

test('progress counts from nothing to all', async (t) => {
  const p = await place(t)
  p.server.add('a', noise(200_000))
  await download(p.parts, 'a', { to: p.folder })
  const counts = p.events.flatMap((event) => (event.type === 'download' ? [event.received] : []))
  t.is(counts[0], 0)
  t.is(counts.at(-1), 200_000)
  t.deepEqual(
    counts,
    [...counts].sort((a, b) => a - b),
  )
})

test('who asked for this download is told of it too', async (t) => {
  const p = await place(t)
  p.server.add('a', noise(1000))
  const mine: Progress[] = []
  await p.session.download('a', { to: p.folder, onProgress: (event) => mine.push(event) })
  t.deepEqual(mine.at(-1), { type: 'download', name: 'a', received: 1000, total: 1000 })
})

test('two downloads of one name at once: whoever ends well has the right bytes', async (t) => {
  const p = await place(t)
  const bytes = noise(2_000_000)
  p.server.add('a', bytes)
  const both = await Promise.allSettled([1, 2].map(() => download(p.parts, 'a', { to: p.folder })))
  t.true(both.some(({ status }) => status === 'fulfilled'))
  for (const end of both) if (end.status === 'rejected') t.true(typeof end.reason.code === 'string')
  t.deepEqual(await readFile(join(p.folder, 'a')), bytes)
})

test('an empty title is a file too', async (t) => {
  const p = await place(t)
  p.server.add('empty.txt', Buffer.alloc(0))
  const { path } = await download(p.parts, 'empty.txt', { to: p.folder })
  t.is((await stat(path)).size, 0)
})

test('to a file of another name, and a folder that is not there', async (t) => {
  const p = await place(t)
  p.server.add('a', noise(10))
  const { path } = await download(p.parts, 'a', { to: join(p.folder, 'mine.bin') })
  t.is(path, join(p.folder, 'mine.bin'))
  await t.throwsAsync(download(p.parts, 'a', { to: join(p.folder, 'no', 'where') }), { code: 'FILE_FAILED' })
  await t.throwsAsync(download(p.parts, 'a', { to: `${join(p.folder, 'none')}/` }), { code: 'FILE_FAILED' })
})

test('a name that the menu does not have', async (t) => {
  const p = await place(t)
  await t.throwsAsync(download(p.parts, '../../etc/passwd', { to: p.folder }), { code: 'CONTENT_UNKNOWN' })
  t.deepEqual(await p.ls(), [])
})

test('a name that the menu should not have', async (t) => {
  const p = await place(t)
  for (const name of ['../up', '.ssh', '-rf', 'a/b', 'x\u202egnp.exe']) {
    p.server.add(name, noise(10))
    await t.throwsAsync(download(p.parts, name, { to: p.folder }), { code: 'UNSAFE_NAME' }, name)
  }
  t.deepEqual(await p.ls(), [])
  const { path } = await download(p.parts, '.ssh', { to: join(p.folder, 'harmless') })
  t.is((await stat(path)).size, 10)
})

test(`cut at 40 random points, it goes on where it stopped, within one call (seed ${SEED})`, async (t) => {
  const p = await place(t)
  const bytes = noise(4_000_000)
  p.server.add('long.bin', bytes)
  const random = seeded(SEED)
  for (let n = 0; n < 40; n++) p.server.mischief.push({ cutAfter: 65_536 + random(30_000) })
  const { path } = await download(p.parts, 'long.bin', { to: p.folder })
  t.is(sha256(await readFile(path)), sha256(bytes))
  const ranges = p.server.seen.filter((line) => line.startsWith('GET /content/'))
  t.is(ranges.length, 41)
  t.true(ranges.slice(1).every((line) => / bytes=\d+-$/.test(line)))
})

test('connections that bring nothing are given up after six tries with growing pauses; the part is kept', async (t) => {
  const p = await place(t)
  p.server.add('a', noise(100_000))
  p.server.mischief.push({ cutAfter: 50_000 })
  for (let n = 0; n < 10; n++) p.server.mischief.push({ cutAfter: 0 })
  await t.throwsAsync(download(p.parts, 'a', { to: p.folder }), { code: 'INTERNET_BROKEN' })
  t.deepEqual(p.pauses, [250, 500, 1000, 2000, 4000])
  t.deepEqual(await p.ls(), ['a.part', 'a.part.json'])
  t.is((await stat(join(p.folder, 'a.part'))).size, 50_000)
})

test('a later call continues what an earlier one left', async (t) => {
  const p = await place(t)
  const bytes = noise(100_000)
  p.server.add('a', bytes)
  p.server.mischief.push({ cutAfter: 60_000 })
  for (let n = 0; n < 6; n++) p.server.mischief.push({ cutAfter: 0 })
  await t.throwsAsync(download(p.parts, 'a', { to: p.folder }))
  p.server.mischief.length = 0
  const done = await download(p.parts, 'a', { to: p.folder })
  t.is(done.resumedFrom, 60_000)
  t.is(p.server.seen.at(-1), 'GET /content/a bytes=60000-')
  t.deepEqual(await readFile(done.path), bytes)
  t.deepEqual(await p.ls(), ['a'])
})

test('a part that is complete is verified without another byte', async (t) => {
  const p = await place(t)
  const bytes = noise(1000)
  p.server.add('a', bytes)
  const { item } = await download(p.parts, 'a', { to: p.folder })
  await rm(join(p.folder, 'a'))
  await writeFile(join(p.folder, 'a.part'), bytes)
  const { etag, sha256: hash, size } = item
  await writeFile(join(p.folder, 'a.part.json'), JSON.stringify({ etag, sha256: hash, size }))
  const before = p.server.seen.length
  await download(p.parts, 'a', { to: p.folder })
  t.deepEqual(p.server.seen.slice(before), ['GET /menu'])
})

test('a part that somebody changed is never taken for the title, and the next try begins anew', async (t) => {
  const p = await place(t)
  const bytes = noise(100_000)
  p.server.add('a', bytes)
  p.server.mischief.push({ cutAfter: 60_000 })
  for (let n = 0; n < 6; n++) p.server.mischief.push({ cutAfter: 0 })
  await t.throwsAsync(download(p.parts, 'a', { to: p.folder }))
  p.server.mischief.length = 0
  const part = join(p.folder, 'a.part')
  const kept = await readFile(part)
  kept[1234] = (kept[1234] ?? 0) ^ 1
  await writeFile(part, kept)
  await t.throwsAsync(download(p.parts, 'a', { to: p.folder }), { code: 'CONTENT_MISMATCH' })
  t.deepEqual(await p.ls(), [])
  t.is((await download(p.parts, 'a', { to: p.folder })).resumedFrom, 0)
})

test('notes that are cut, wrong, foreign or of another version are begun anew', async (t) => {
  const p = await place(t)
  const bytes = noise(1000)
  p.server.add('a', bytes)
  for (const note of ['', '{"etag"', '[]', '{"etag":"x","sha256":"y","size":1000}', ' '.repeat(10_000)]) {
    await writeFile(join(p.folder, 'a.part'), 'rubbish')
    await writeFile(join(p.folder, 'a.part.json'), note)
    const done = await download(p.parts, 'a', { to: p.folder, overwrite: true })
    t.is(done.resumedFrom, 0, note)
    t.deepEqual(await readFile(done.path), bytes)
  }
})

test('other bytes than promised never get the name', async (t) => {
  const p = await place(t)
  const bytes = noise(50_000)
  p.server.add('a', bytes)
  const wrong = Buffer.from(bytes)
  wrong[49_999] = (wrong[49_999] ?? 0) ^ 1
  p.server.mischief.push({ body: wrong })
  await t.throwsAsync(download(p.parts, 'a', { to: p.folder }), { code: 'CONTENT_MISMATCH' })
  t.deepEqual(await p.ls(), [])
})

test('more bytes than promised are not even written', async (t) => {
  const p = await place(t)
  p.server.add('a', noise(1000))
  p.server.mischief.push({ body: noise(200_000) })
  await t.throwsAsync(download(p.parts, 'a', { to: p.folder }), { code: 'CONTENT_MISMATCH', message: /more than/ })
  t.deepEqual(await p.ls(), [])
})

test('fewer bytes than promised are asked for again', async (t) => {
  const p = await place(t)
  const bytes = noise(1000)
  p.server.add('a', bytes)
  p.server.mischief.push({ body: bytes.subarray(0, 400) })
  const { path } = await download(p.parts, 'a', { to: p.folder })
  t.deepEqual(await readFile(path), bytes)
})

test('a version that changes half-way is fetched anew, with the new promise', async (t) => {
  const p = await place(t)
  const later = noise(200_000, 2)
  p.server.add('a', noise(150_000, 1))
  p.server.mischief.push({ cutAfter: 100_000 }, { before: () => p.server.add('a', later) })
  const done = await download(p.parts, 'a', { to: p.folder })
  t.deepEqual(await readFile(done.path), later)
  t.is(done.item.sha256, sha256(later))
  t.deepEqual(await p.ls(), ['a'])
})

test('a version that shrinks (416), and one with another digest than the menu', async (t) => {
  const p = await place(t)
  const later = noise(10, 2)
  p.server.add('a', noise(150_000, 1))
  p.server.mischief.push({ cutAfter: 100_000 }, { before: () => p.server.add('a', later), status: 416 })
  t.deepEqual(await readFile((await download(p.parts, 'a', { to: p.folder })).path), later)
  p.server.add('b', later)
  const lie = { headers: { 'repr-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` } }
  p.server.mischief.push(lie, lie, lie)
  await t.throwsAsync(download(p.parts, 'b', { to: p.folder }), { code: 'CONTENT_CHANGED' })
  t.deepEqual(await p.ls(), ['a'])
})

test('a version that never stays is given up', async (t) => {
  const p = await place(t)
  p.server.add('a', noise(100, 0))
  for (let n = 1; n < 9; n++) p.server.mischief.push({ before: () => p.server.add('a', noise(100 + n, n)) })
  await t.throwsAsync(download(p.parts, 'a', { to: p.folder }), { code: 'CONTENT_CHANGED' })
  t.deepEqual(await p.ls(), [])
})

test('a server without ranges sends all again; one with a wrong range is not believed', async (t) => {
  const p = await place(t)
  const bytes = noise(100_000)
  p.server.add('a', bytes)
  p.server.mischief.push({ cutAfter: 50_000 }, { ignoreRange: true })
  t.deepEqual(await readFile((await download(p.parts, 'a', { to: p.folder })).path), bytes)
  p.server.add('b', bytes)
  p.server.mischief.push({ cutAfter: 50_000 }, { headers: { 'content-range': 'bytes 0-99999/100000' } })
  await t.throwsAsync(download(p.parts, 'b', { to: p.folder }), { code: 'SERVER_PROTOCOL' })
})

test('an error of the server is its own', async (t) => {
  const p = await place(t)
  p.server.add('a', noise(10))
  p.server.mischief.push({ before: () => p.server.titles.delete('a') })
  await t.throwsAsync(download(p.parts, 'a', { to: p.folder }), { code: 'NOT_FOUND' })
})

test('a file that exists is not touched without being told', async (t) => {
  const p = await place(t)
  const bytes = noise(1000)
  p.server.add('a', bytes)
  await writeFile(join(p.folder, 'a'), 'precious')
  await t.throwsAsync(download(p.parts, 'a', { to: p.folder }), { code: 'FILE_EXISTS' })
  t.is(await readFile(join(p.folder, 'a'), 'utf8'), 'precious')
  await download(p.parts, 'a', { to: p.folder, overwrite: true })
  t.deepEqual(await readFile(join(p.folder, 'a')), bytes)
  await mkdir(join(p.folder, 'd', 'a'), { recursive: true })
  await t.throwsAsync(download(p.parts, 'a', { to: join(p.folder, 'd'), overwrite: true }), { code: 'FILE_EXISTS' })
})

test('a file that appears during the download is not replaced either', async (t) => {
  const p = await place(t)
  p.server.add('a', noise(1000))
  const fetch: DownloadParts['fetch'] = async (path, options) => {
    if (path.startsWith('/content')) await writeFile(join(p.folder, 'a'), 'precious')
    return p.session.fetch(path, options)
  }
  await t.throwsAsync(download({ ...p.parts, fetch }, 'a', { to: p.folder }), { code: 'FILE_EXISTS' })
  t.is(await readFile(join(p.folder, 'a'), 'utf8'), 'precious')
})

test('a link put where the part goes is not followed', async (t) => {
  const p = await place(t)
  const bytes = noise(1000)
  p.server.add('a', bytes)
  const victim = join(p.folder, 'victim')
  await writeFile(victim, 'precious')
  await symlink(victim, join(p.folder, 'a.part'))
  await symlink(victim, join(p.folder, 'a.part.json'))
  await download(p.parts, 'a', { to: p.folder })
  t.is(await readFile(victim, 'utf8'), 'precious')
  // The same with the target, when it may be overwritten: the link is replaced, not what it points to.
  await rm(join(p.folder, 'a'))
  await symlink(victim, join(p.folder, 'a'))
  await download(p.parts, 'a', { to: p.folder, overwrite: true })
  t.is(await readFile(victim, 'utf8'), 'precious')
  t.true((await stat(join(p.folder, 'a'))).isFile())
})

test('the disk is full: told, nothing has the name, and the bytes so far are continued', async (t) => {
  const p = await place(t)
  const bytes = noise(500_000)
  p.server.add('a', bytes)
  let free = 200_000
  const write: DownloadParts['write'] = async (handle, chunk, position) => {
    const fits = Math.min(free, chunk.length)
    free -= fits
    await handle.write(chunk, 0, fits, position) // a full disk takes what still fits
    if (fits < chunk.length) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  }
  await t.throwsAsync(download({ ...p.parts, write }, 'a', { to: p.folder }), { code: 'DISK_FULL' })
  t.deepEqual(await p.ls(), ['a.part', 'a.part.json'])
  const done = await download(p.parts, 'a', { to: p.folder })
  t.is(done.resumedFrom, 200_000)
  t.deepEqual(await readFile(done.path), bytes)
})

test('a folder that may not be written to', async (t) => {
  const p = await place(t)
  p.server.add('a', noise(10))
  if (process.getuid?.() === 0) {
    // The superuser may write anywhere, but not through a file.
    await writeFile(join(p.folder, 'file'), '')
    await t.throwsAsync(download(p.parts, 'a', { to: join(p.folder, 'file', 'a') }), { code: 'FILE_FAILED' })
    return
  }
  await chmod(p.folder, 0o500)
  await t.throwsAsync(download(p.parts, 'a', { to: p.folder }), { code: 'FILE_FAILED' })
  await chmod(p.folder, 0o700)
})

test('cancelled half-way: told as such, and the part is kept', async (t) => {
  const p = await place(t)
  p.server.add('a', noise(3_000_000))
  const stop = new AbortController()
  const onProgress = (event: Progress): void => {
    if (event.type === 'download' && event.received > 100_000) stop.abort()
  }
  const cancelled = download({ ...p.parts, onProgress }, 'a', { to: p.folder, signal: stop.signal })
  await t.throwsAsync(cancelled, { code: 'CANCELLED' })
  t.deepEqual(await p.ls(), ['a.part', 'a.part.json'])
  t.true((await download(p.parts, 'a', { to: p.folder })).resumedFrom > 100_000)
})

test('cancelled during a pause: the pause ends', async (t) => {
  const p = await place(t)
  p.server.add('a', noise(1000))
  p.server.mischief.push({ cutAfter: 10 })
  const stop = new AbortController()
  const after = (): (() => void) => {
    setImmediate(() => stop.abort())
    return () => {}
  }
  const cancelled = download({ ...p.parts, after }, 'a', { to: p.folder, signal: stop.signal })
  await t.throwsAsync(cancelled, { code: 'CANCELLED' })
})

test('the session ends half-way: told as such; the next session continues', async (t) => {
  const w = await world(t)
  const folder = await mkdtemp(join(tmpdir(), 'keyline-get-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const bytes = noise(3_000_000)
  w.server.add('a', bytes)
  const first = await loggedIn(t, w)
  const onProgress = (event: Progress): void => {
    if (event.type === 'download' && event.received > 100_000) first.forget()
  }
  const after = (_ms: number, run: () => void): (() => void) => {
    setImmediate(run)
    return () => {}
  }
  const parts = { fetch: first.fetch, after, onProgress }
  await t.throwsAsync(download(parts, 'a', { to: folder }), { code: 'SESSION_CLOSED' })
  const second = await loggedIn(t, w)
  const done = await second.download('a', { to: folder })
  t.true(done.resumedFrom > 100_000)
  t.deepEqual(await readFile(done.path), bytes)
})

test('the finished file has one name only', async (t) => {
  const p = await place(t)
  p.server.add('a', noise(10))
  const { path } = await download(p.parts, 'a', { to: p.folder })
  t.is((await stat(path)).nlink, 1)
  await link(path, join(p.folder, 'b'))
  t.is((await stat(path)).nlink, 2)
})
