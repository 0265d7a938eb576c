import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import test from 'ava'
import { CardError } from '../../../firmware/card/errors.ts'
import {
  compareVersions,
  packUpdate,
  readHead,
  readUpdate,
  versionOf,
  versionText,
} from '../../../firmware/update/format.ts'
import { UPDATE_MAX } from '../../../wire/usb/update.ts'
import { seeded } from '../../random.ts'
import { ABOUT, filesOf, OWNER, STRANGER, updateOf } from './fixture.ts'

const SEED = 20_261_127
const TRUSTED = [OWNER.publicKey]
/** The first test key of RFC 8032 §7.1. */
const RFC_KEY = createPrivateKey({
  key: Buffer.from(
    '302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'hex',
  ),
  format: 'der',
  type: 'pkcs8',
})
const GOLDEN_HEAD = `4b45594c55504431000000ac${Buffer.from('{"version":[0,2,0],"architecture":"arm64","node":24,"files":[').toString('hex')}`
const GOLDEN_SIGNATURE =
  'd4c7b23878ba863eee001745210de4a4ab1b06812ce432b98dfb75d8b028afc8a12a061d86febcff649d20b1ddd0f926fb3aa572d71b5f9a974428ab7153c00f'

function code(run: () => unknown): string {
  try {
    run()
    return 'ok'
  } catch (error) {
    return error instanceof CardError ? error.code : `${error}`
  }
}

test('golden bytes: the table of the format, signed with a published key', (t) => {
  const files = [{ path: 'dist/card.mjs', content: Buffer.from('x') }]
  const bytes = Buffer.from(packUpdate({ version: [0, 2, 0], architecture: 'arm64', node: 24 }, files, RFC_KEY))
  t.is(bytes.subarray(0, GOLDEN_HEAD.length / 2).toString('hex'), GOLDEN_HEAD)
  t.is(bytes.readUInt32BE(8), bytes.length - 12 - 64 - 1)
  t.is(bytes.at(-1), 'x'.charCodeAt(0))
  // Ed25519 signs the same bytes always to the same.
  t.is(bytes.subarray(-65, -1).toString('hex'), GOLDEN_SIGNATURE)
  t.deepEqual(readUpdate(bytes, [createPublicKey(RFC_KEY)]).manifest.version, [0, 2, 0])
})
test('packed, and read again', (t) => {
  const { manifest, files } = readUpdate(updateOf([1, 2, 3]), TRUSTED)
  t.deepEqual(manifest.version, [1, 2, 3])
  t.deepEqual(
    files.map(({ path, content }) => [path, Buffer.from(content).toString('hex')]),
    filesOf([1, 2, 3]).map(({ path, content }) => [path, Buffer.from(content).toString('hex')]),
  )
})

test('cut at every length, and longer by one: damaged', (t) => {
  const bytes = updateOf([1, 2, 3])
  for (let length = 0; length < bytes.length; length++) {
    t.is(
      code(() => readUpdate(bytes.subarray(0, length), TRUSTED)),
      'UPDATE_DAMAGED',
      `${length}`,
    )
  }
  t.is(
    code(() => readUpdate(Buffer.concat([bytes, Buffer.from([0])]), TRUSTED)),
    'UPDATE_DAMAGED',
  )
})

test(`a flipped bit in each byte of the head, and 5,000 other mutations: refused, with a code (seed ${SEED})`, (t) => {
  const bytes = updateOf([1, 2, 3])
  const { from } = readHead(bytes, TRUSTED)
  const refused = ['UPDATE_DAMAGED', 'UPDATE_FOREIGN']
  const random = seeded(SEED)
  for (let byte = 0; byte < from; byte++) {
    const bit = byte * 8 + random(8)
    const flipped = Uint8Array.from(bytes)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    if (!refused.includes(code(() => readHead(flipped, TRUSTED)))) t.fail(`bit ${bit}`)
  }
  for (let n = 0; n < 5000; n++) {
    const other = Uint8Array.from(bytes)
    const at = random(other.length)
    other[at] = (other[at] ?? 0) ^ (1 + random(255))
    if (!refused.includes(code(() => readUpdate(other, TRUSTED)))) t.fail(`byte ${at}`)
  }
  t.pass()
})

test('another key, none, or one for another purpose', (t) => {
  const bytes = updateOf([1, 2, 3], STRANGER.privateKey)
  t.is(
    code(() => readUpdate(bytes, TRUSTED)),
    'UPDATE_FOREIGN',
  )
  t.is(
    code(() => readUpdate(bytes, [])),
    'UPDATE_FOREIGN',
  )
  t.is(
    code(() => readUpdate(bytes, [OWNER.publicKey, STRANGER.publicKey])),
    'ok',
  )
  t.is(
    code(() => readUpdate(bytes, [generateKeyPairSync('ed25519').publicKey])),
    'UPDATE_FOREIGN',
  )
})

const ONE = { path: 'dist/card.mjs', content: Buffer.from('x') }
const PATHS = [
  '../dist/x',
  'dist/../../x',
  '/dist/x',
  'dist//x',
  'dist/',
  'dist/.hidden',
  'dist/.',
  'dist/x\0',
  'dist\\x',
  'dist/a b',
  'etc/passwd',
  'state',
  'dist',
  'dist/card.mjs/below',
  'dist/card.mjs',
  `dist/${'x'.repeat(200)}`,
]
for (const path of PATHS) {
  test(`no path of an update, even of one that is signed: ${JSON.stringify(path).slice(0, 40)}`, (t) => {
    const other = { path, content: Buffer.from('y') }
    t.throws(() => packUpdate({ ...ABOUT, version: [1, 0, 0] }, [ONE, other], OWNER.privateKey))
  })
}

test('without the program, too many files, too large', (t) => {
  const pack = (files: readonly { path: string; content: Uint8Array }[]) => () =>
    packUpdate({ ...ABOUT, version: [1, 0, 0] }, files, OWNER.privateKey)
  t.throws(pack([{ path: 'dist/other.mjs', content: ONE.content }]))
  t.throws(pack([ONE, ...Array.from({ length: 256 }, (_, n) => ({ path: `dist/${n}`, content: new Uint8Array(0) }))]))
  t.throws(pack([{ path: ONE.path, content: new Uint8Array(UPDATE_MAX + 1) }]))
})

test('versions', (t) => {
  t.deepEqual(versionOf('1.20.300'), [1, 20, 300])
  for (const text of ['1.2', '1.2.3.4', '1.2.x', '1.2.-3', '1.2.70000', '']) t.is(versionOf(text), undefined, text)
  t.is(versionText([0, 10, 0]), '0.10.0')
  t.true(compareVersions([0, 10, 0], [0, 9, 9]) > 0)
})
