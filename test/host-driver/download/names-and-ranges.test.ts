import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { PartFile } from '../../../host-driver/download/part-file.ts'
import { beginsAt, rangeHeaders, sameDigest } from '../../../host-driver/download/range.ts'
import { safeName } from '../../../host-driver/download/safe-name.ts'
import { seeded } from '../../random.ts'

const SEED = 42_448

test('names that can only be files are taken as they are', (t) => {
  const good = [
    'a',
    'two-tones.mp3',
    'About two paths.txt',
    'rule_110.gif',
    '1.2.3',
    'Größe (2).pdf',
    '写真.jpeg',
    'naïve & co',
  ]
  for (const name of good) t.is(safeName(name), name)
})

test('names that could mean something else are refused', (t) => {
  const paths = ['', '.', '..', '/', '/etc/passwd', '../x', 'a/b', 'a\\b', 'C:x', '~', 'a:b', '.hidden', '-rf', ' a']
  const controls = [
    'a\0b',
    'a\nb',
    'a\u001b[2J',
    'a\u007f',
    '\u202eexe.gnp',
    'a\u200bb',
    'a\ufeff',
    'a\u2028b',
    'a\ud800',
  ]
  const endings = ['a.', 'a ', 'x.part', 'x.PART', 'x.part.json']
  const devices = ['CON', 'nul.txt', 'com1', 'LPT9.log', 'aux']
  const signs = ['a*', 'a?', 'a"b', 'a<b', 'a>b', 'a|b', 'a$b', 'a`b', 'a;b', '%', '#x']
  for (const name of [...paths, ...controls, ...endings, ...devices, ...signs, 'x'.repeat(201), 'é'.repeat(101)]) {
    t.throws(() => safeName(name), { code: 'UNSAFE_NAME' }, JSON.stringify(name))
  }
})

test(`50,000 random names: what passes has no separator, control or leading dot (seed ${SEED})`, (t) => {
  const random = seeded(SEED)
  let passed = 0
  for (let n = 0; n < 50_000; n++) {
    const name = String.fromCodePoint(...Array.from({ length: 1 + random(6) }, () => random(n % 2 ? 0x80 : 0x3000)))
    try {
      safeName(name)
    } catch {
      continue
    }
    passed++
    t.notRegex(name, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}/\\:*?"<>|]|^[.-]|[. ]$/u)
  }
  t.log(`${passed} passed`)
  t.true(passed > 100)
})

test('a range is asked for only where there is something to continue, and a strong tag to hold it to', (t) => {
  t.deepEqual(rangeHeaders(0, '"a"'), {})
  t.deepEqual(rangeHeaders(5, '"a"'), { range: 'bytes=5-', 'if-range': '"a"' })
  t.deepEqual(rangeHeaders(5, 'W/"a"'), {})
  t.deepEqual(rangeHeaders(5, 'a'), {})
})

test('a 206 holds exactly the rest', (t) => {
  t.notThrows(() => beginsAt('bytes 5-9/10', 5, 10))
  for (const header of [null, '', 'bytes 4-9/10', 'bytes 5-8/10', 'bytes 5-9/11', 'bytes 5-9/*', 'items 5-9/10']) {
    t.throws(() => beginsAt(header, 5, 10), { code: 'SERVER_PROTOCOL' }, String(header))
  }
})

test('Repr-Digest is compared where it speaks of SHA-256', (t) => {
  const hash = createHash('sha256').update('x').digest()
  const hex = hash.toString('hex')
  const right = `sha-256=:${hash.toString('base64')}:`
  t.true(sameDigest(right, hex))
  t.true(sameDigest(`sha-512=:AAAA:, ${right}`, hex))
  t.true(sameDigest(null, hex))
  t.true(sameDigest('sha-512=:AAAA:', hex))
  t.false(sameDigest(right.replace(/:./, ':/'), hex))
  t.false(sameDigest('sha-256=:AAAA:', hex))
})

test('a part is written, continued, and only named when it is right', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'keyline-part-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const target = join(folder, 'a')
  const bytes = Buffer.from('hello world')
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const item = { name: 'a', title: 'A', kind: 'text', size: bytes.length, sha256, etag: '"1"' }

  const first = await PartFile.open(target, item)
  await first.append(bytes.subarray(0, 5))
  await t.throwsAsync(first.finish(false), { code: 'CONTENT_MISMATCH' })
  await first.close()

  const second = await PartFile.open(target, item)
  t.is(second.received, 5)
  await t.throwsAsync(second.append(Buffer.alloc(7)), { code: 'CONTENT_MISMATCH' })
  await second.append(bytes.subarray(5))
  await second.finish(false)
  await second.close()
  t.is(await readFile(target, 'utf8'), 'hello world')
  t.deepEqual(await readdir(folder), ['a'])

  const other = await PartFile.open(target, { ...item, etag: '"2"' })
  await other.append(bytes)
  await t.throwsAsync(other.finish(false), { code: 'FILE_EXISTS' })
  await other.finish(true)
  await other.close()
  t.deepEqual(await readdir(folder), ['a'])
})

test('a part that is thrown away leaves nothing', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'keyline-part-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const item = { name: 'a', title: 'A', kind: 'text', size: 3, sha256: '0'.repeat(64), etag: '"1"' }
  const part = await PartFile.open(join(folder, 'a'), item)
  await part.append(Buffer.from('abc'))
  await part.restart()
  t.is(part.received, 0)
  await part.append(Buffer.from('xyz'))
  await part.discard()
  t.deepEqual(await readdir(folder), [])
})
