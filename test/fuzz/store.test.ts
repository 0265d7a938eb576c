import { generateKeyPairSync } from 'node:crypto'
import test from 'ava'
import { CardError } from '../../firmware/card/errors.ts'
import { FileArea } from '../../firmware/card/file-area.ts'
import { Pairings } from '../../firmware/card/pairings.ts'
import { PinTries, TRIES } from '../../firmware/card/pin-tries.ts'
import { Vault } from '../../firmware/card/vault.ts'
import { openSealed, parse, serialize } from '../../firmware/card/vault-file.ts'
import { packUpdate, readUpdate } from '../../firmware/update/format.ts'
import { sha256 } from '../../keys/kdf.ts'
import { Secret } from '../../keys/secret.ts'
import { enrolled, record } from '../firmware/card/fixture.ts'
import { MemoryDisk } from '../firmware/card/memory-disk.ts'
import { seeded } from '../random.ts'

const SEED = 20_000_550
const MUTATIONS = 20_000
const board = (): Secret => new Secret(new Uint8Array(32).fill(5))

/** The same bytes with some of them changed, or the end cut off; never the same. */
function mutated(golden: Uint8Array, random: (below: number) => number): Uint8Array {
  const bytes = Uint8Array.from(golden.subarray(0, random(3) === 0 ? random(golden.length) : golden.length))
  for (let n = 0; n <= random(3) && bytes.length > 0; n++) {
    const at = random(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 + random(255))
  }
  return Buffer.from(bytes).equals(golden) ? bytes.subarray(1) : bytes
}

const expected = (error: unknown): boolean => error instanceof CardError

test(`${MUTATIONS} mutated generations of a sealed vault: none is taken for whole, or none opens (seed ${SEED})`, (t) => {
  const random = seeded(SEED)
  const keys = { board: board() }
  const golden = serialize(7n, record(enrolled('a')), { keys, pinSalt: undefined })
  let opened = 0
  for (let n = 0; n < MUTATIONS; n++) {
    const bytes = mutated(golden, random)
    // As one who can compute the hash, but has not the key.
    if (n % 2 === 0 && bytes.length > 40) bytes.set(sha256(bytes.subarray(40)), 8)
    // Only the hash was changed, and is right again.
    if (Buffer.from(golden).equals(bytes)) continue
    const found = parse(bytes)
    if (found?.sealed && openSealed(found.sealed.bytes, keys) !== undefined) opened++
  }
  t.is(opened, 0)
})

test(`${MUTATIONS / 10} mutated files of a card's store: the card says so or starts as it was, and nothing else happens (seed ${SEED + 1})`, (t) => {
  const random = seeded(SEED + 1)
  const disk = new MemoryDisk()
  Vault.open(disk, board()).save(record(enrolled('a')))
  new Pairings(disk, board()).add('laptop')
  new PinTries(disk, board()).wrong = 3
  const files = new MemoryDisk()
  const area = new FileArea(files, Vault.open(disk, board()))
  area.begin({ name: 'note', size: 4, hash: sha256(Buffer.from('text')) })
  area.write(0, Buffer.from('text'))
  const all = new Map([...disk.list()].map((name) => [name, disk.read(name) ?? new Uint8Array()]))
  const inArea = new Map([...files.list()].map((name) => [name, files.read(name) ?? new Uint8Array()]))
  const told = new Set<string>()
  const tried = (run: () => unknown): void => {
    try {
      run()
    } catch (error) {
      if (!expected(error)) throw error
      told.add((error as CardError).code) // just seen to be one
    }
  }
  for (let n = 0; n < MUTATIONS / 10; n++) {
    const bad = MemoryDisk.of(new Map([...all].map(([name, bytes]) => [name, mutated(bytes, random)])))
    tried(() => t.fail(`it opened as ${Vault.open(bad, board()).record.enrolled?.cardId}`))
    tried(() => t.fail(`it knows ${new Pairings(bad, board()).list.length}`))
    t.true(new PinTries(bad, board()).wrong >= TRIES - 1, 'a changed counter gives more tries')
    const badFiles = MemoryDisk.of(new Map([...inArea].map(([name, bytes]) => [name, mutated(bytes, random)])))
    t.deepEqual(new FileArea(badFiles, Vault.open(disk, board())).list().files, [])
  }
  t.deepEqual([...told].sort(), ['VAULT_DAMAGED', 'VAULT_SEALED'])
})

test(`${MUTATIONS} mutated updates: none is taken (seed ${SEED + 2})`, (t) => {
  const random = seeded(SEED + 2)
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const content = new Uint8Array(200).fill(7)
  const about = { version: [1, 2, 3] as [number, number, number], architecture: 'x64' as const, node: 24 }
  const golden = packUpdate(about, [{ path: 'dist/card.mjs', content }], privateKey)
  t.is(readUpdate(golden, [publicKey]).files.length, 1)
  for (let n = 0; n < MUTATIONS; n++) {
    const error = t.throws(() => readUpdate(mutated(golden, random), [publicKey]))
    if (!expected(error)) t.fail(String(error))
  }
})
