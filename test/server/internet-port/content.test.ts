import { createHash } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  openSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import test from 'ava'
import { seeded } from '../../random.ts'
import { portWorld, until } from './port-world.ts'

const SEED = 20_000_523

function noise(length: number): Buffer {
  const below = seeded(SEED)
  return Buffer.from(Uint8Array.from({ length }, () => below(256)))
}

const digest = (bytes: Uint8Array, as: 'hex' | 'base64') => createHash('sha256').update(bytes).digest(as)

test('whole content with all its headers, by GET and HEAD', async (t) => {
  const it = await portWorld(t)
  const bytes = noise(1_500_000)
  writeFileSync(join(it.content, 'π & (1).bin'), bytes)
  const one = await it.opened()
  const path = `/content/${encodeURIComponent('π & (1).bin')}`
  const got = await one.ask('GET', path)
  t.is(got.status, 200)
  t.true(got.body.equals(bytes), `seed ${SEED}`)
  const { date, ...headers } = got.headers
  t.truthy(date)
  t.deepEqual(headers, {
    etag: `"${digest(bytes, 'hex')}"`,
    'accept-ranges': 'bytes',
    'repr-digest': `sha-256=:${digest(bytes, 'base64')}:`,
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
    'content-type': 'application/octet-stream',
    'content-length': '1500000',
    'content-disposition': "attachment; filename*=UTF-8''%CF%80%20%26%20%281%29.bin",
    connection: 'keep-alive',
    'keep-alive': 'timeout=60',
  })
  const head = await one.ask('HEAD', path)
  t.is(head.status, 200)
  t.is(head.body.length, 0)
  const { date: _date, ...same } = head.headers
  t.deepEqual(same, headers)
})

test('resume: the rest of the same version, of whatever size, and all of a new one', async (t) => {
  const it = await portWorld(t)
  const bytes = noise(1_200_000)
  const file = join(it.content, 'film.mpeg')
  writeFileSync(file, bytes)
  const one = await it.opened()
  const etag = `"${digest(bytes, 'hex')}"`
  for (const from of [1, 524_287, 524_288, 524_289, 1_199_999]) {
    const headers = { range: `bytes=${from}-`, 'if-range': etag }
    const got = await one.ask('GET', '/content/film.mpeg', { headers })
    t.is(got.status, 206)
    t.is(got.headers['content-range'], `bytes ${from}-1199999/1200000`)
    t.is(got.headers['repr-digest'], `sha-256=:${digest(bytes, 'base64')}:`)
    t.true(got.body.equals(bytes.subarray(from)))
  }
  const other = noise(1_000_000)
  writeFileSync(file, other)
  const headers = { range: 'bytes=100-', 'if-range': etag }
  const got = await one.ask('GET', '/content/film.mpeg', { headers })
  t.is(got.status, 200)
  t.not(got.headers.etag, etag)
  t.true(got.body.equals(other))
})

test('If-None-Match, suffix and middle ranges, 416, several ranges, an empty file', async (t) => {
  const it = await portWorld(t)
  writeFileSync(join(it.content, 'abc'), 'abcdefghij')
  writeFileSync(join(it.content, 'empty'), '')
  const one = await it.opened()
  const ask = (headers: Record<string, string>, name = 'abc', method = 'GET') =>
    one.ask(method, `/content/${name}`, { headers })
  const etag = (await ask({})).headers.etag ?? ''
  for (const [range, status, body] of [
    ['bytes=2-4', 206, 'cde'],
    ['bytes=-3', 206, 'hij'],
    ['bytes=-99', 206, 'abcdefghij'],
    ['bytes=8-99', 206, 'ij'],
    ['bytes=4-2', 200, 'abcdefghij'],
    ['bytes=0-1,3-4', 200, 'abcdefghij'],
    ['lines=0-1', 200, 'abcdefghij'],
    ['bytes=x-', 200, 'abcdefghij'],
  ] as const) {
    const got = await ask({ range })
    t.is(got.status, status, range)
    t.is(got.body.toString(), body, range)
  }
  for (const range of ['bytes=10-', 'bytes=-0', 'bytes=99-100']) {
    const got = await ask({ range })
    t.is(got.status, 416, range)
    t.is(got.headers['content-range'], 'bytes */10')
    t.like(got.json(), { code: 'RANGE_UNSATISFIABLE' })
  }
  for (const tags of [etag, '*', `"x", ${etag}`, `W/${etag}`]) {
    const got = await ask({ 'if-none-match': tags, range: 'bytes=2-4' })
    t.is(got.status, 304, tags)
    t.is(got.body.length, 0)
    t.is(got.headers.etag, etag)
  }
  t.is((await ask({ 'if-none-match': '"x"' })).status, 200)
  t.is((await ask({ range: 'bytes=2-4', 'if-range': `W/${etag}` })).status, 200)
  t.is((await ask({ range: 'bytes=2-4' }, 'abc', 'HEAD')).status, 200)
  t.is((await ask({}, 'empty')).body.length, 0)
  t.is((await ask({ range: 'bytes=0-' }, 'empty')).status, 416)
})

test('nothing outside the folder is reached, whatever the path is written like', async (t) => {
  const it = await portWorld(t)
  writeFileSync(join(it.folder, 'outside.txt'), 'outside')
  writeFileSync(join(it.content, '.hidden'), 'hidden')
  writeFileSync(join(it.content, 'titles.json'), '{}')
  mkdirSync(join(it.content, 'folder'))
  writeFileSync(join(it.content, 'folder', 'deep.txt'), 'deep')
  symlinkSync('../outside.txt', join(it.content, 'out.txt'))
  symlinkSync('/etc/passwd', join(it.content, 'passwd'))
  symlinkSync('..', join(it.content, 'up'))
  writeFileSync(join(it.content, 'good.txt'), 'good')
  const one = await it.opened()
  const attempts = [
    '../../etc/passwd',
    '../outside.txt',
    '..%2foutside.txt',
    '..%2Foutside.txt',
    '%2e%2e%2foutside.txt',
    '%2e%2e/outside.txt',
    '%252e%252e%252foutside.txt',
    '..%5coutside.txt',
    '..\\outside.txt',
    '%c0%ae%c0%ae%c0%afoutside.txt',
    '%e0%80%ae%e0%80%ae/outside.txt',
    '..%00/outside.txt',
    'good.txt%00',
    '%00',
    'good.txt/',
    'good.txt/../good.txt',
    './good.txt',
    '/etc/passwd',
    '%2fetc%2fpasswd',
    '//etc/passwd',
    '.',
    '..',
    '',
    '%',
    '%zz',
    '%ff',
    '.hidden',
    '%2ehidden',
    'titles.json',
    'folder',
    'folder/deep.txt',
    'folder%2fdeep.txt',
    'up/outside.txt',
    'out.txt',
    'passwd',
    'good.txt%0d%0ax: y',
    'a'.repeat(300),
    '/proc/self/environ',
    'file:%2f%2f%2fetc%2fpasswd',
    '．．／outside.txt',
  ].map((name) => `/content/${[...name].map((c) => (c > '~' || c === ' ' ? encodeURIComponent(c) : c)).join('')}`)
  for (const path of [...attempts, '/content', '/../etc/passwd', '/content/../menu', '//menu', '/menu/', '/MENU']) {
    const got = await one.ask('GET', path)
    t.is(got.status, 404, path)
    t.like(got.json(), { code: 'NOT_FOUND' })
  }
  t.is((await one.ask('GET', '/content/good%2etxt?x=../../etc/passwd')).body.toString(), 'good')
  t.like((await one.ask('GET', '/menu')).json(), { items: [{ name: 'good.txt' }] })
})

test('wrong methods are told which are right', async (t) => {
  const it = await portWorld(t)
  const one = await it.opened()
  for (const [method, path, allow] of [
    ['POST', '/menu', 'GET'],
    ['PUT', '/content/x', 'GET, HEAD'],
    ['PATCH', '/session', 'POST, GET, DELETE'],
    ['GET', '/session/rekey', 'POST'],
    ['OPTIONS', '/menu', 'GET'],
  ] as const) {
    const got = await one.ask(method, path)
    t.is(got.status, 405)
    t.is(got.headers.allow, allow)
    t.deepEqual(Object.keys(got.json() as object), ['code', 'what', 'cure'])
  }
})

/** In place, and of the same size. */
function overwrite(path: string): void {
  const file = openSync(path, 'r+')
  writeSync(file, 'X', 0)
  closeSync(file)
}

for (const [how, change] of [
  ['written to', overwrite],
  ['cut', (path: string) => truncateSync(path, 1_000_000)],
] as const) {
  test(`a file that is ${how} while it is sent is never delivered as if it were whole`, async (t) => {
    const it = await portWorld(t)
    const file = join(it.content, 'big.txt')
    // More than the buffers of both ends of a socket ever hold: it cannot be sent before somebody reads.
    writeFileSync(file, Buffer.alloc(64 * 2 ** 20, 'keyline '))
    const one = await it.opened()
    await one.ask('HEAD', '/content/big.txt')
    const running = await one.begin('GET', '/content/big.txt')
    change(file)
    utimesSync(file, new Date(), new Date(Date.now() + 5000))
    await t.throwsAsync(buffer(running))
    await until(() => it.events.some(({ event }) => event === 'content.changed'))
  })
}

test('who stops reading in the middle ends no other download, and no handle is left open', async (t) => {
  const it = await portWorld(t)
  const bytes = noise(4_000_000)
  writeFileSync(join(it.content, 'big.bin'), bytes)
  const good = await it.opened()
  for (let n = 0; n < 5; n++) {
    const bad = await it.opened()
    const running = await bad.begin('GET', '/content/big.bin')
    running.once('error', () => {})
    bad.socket.destroy()
  }
  const all = await Promise.all([
    good.ask('GET', '/content/big.bin'),
    (await it.opened()).ask('GET', '/content/big.bin'),
  ])
  for (const { body } of all) t.true(body.equals(bytes))
  t.is(it.events.filter(({ event }) => event === 'internet.fault').length, 0)
})
