import { createDecipheriv, createHmac, hkdfSync, scryptSync } from 'node:crypto'
import test from 'ava'
import { FileArea } from '../../../firmware/card/file-area.ts'
import { PinTries, TRIES } from '../../../firmware/card/pin-tries.ts'
import { encodeRecord } from '../../../firmware/card/record.ts'
import { pinKey } from '../../../firmware/card/seal.ts'
import { Vault } from '../../../firmware/card/vault.ts'
import { openSealed, parse } from '../../../firmware/card/vault-file.ts'
import { sha256 } from '../../../keys/kdf.ts'
import { Secret } from '../../../keys/secret.ts'
import { MemoryDisk } from './memory-disk.ts'

/*
 * What one version sealed, the next one must open: bytes of a card's memory under a board secret of 32 times 05 and the PIN 2468. The
 * second reading, `plainOf`, is written with Node's own HKDF from the tables in `seal.ts` and `vault-file.ts`, and shares no code with them.
 */
const fill = (n: number): Uint8Array => new Uint8Array(32).fill(n)
const board = (): Secret => new Secret(fill(5))
const RECORD = { enrolled: undefined, enrolling: undefined, filesKey: new Secret(fill(6)) }
const PIN_SALT = new Uint8Array(16).fill(9)

/** magic, hash, generation 7, no PIN, salt of none; then salt, content, tag */
const VAULT = [
  '4b45594c494e4532',
  'f3c4202c9564992b107cd8d950f397aeaf523b065adc6f8a222fd5db8514433e',
  '0000000000000007',
  '00',
  '31312d86d500aa5cdf639ad948763ef9',
  'bf9e432f7518d2e264c79e097a1c99dad064b0b12d380ff88a35bb50faaa934e',
  '8d970eade3ee13b63da8b42d9ee0db2f6f0e0510ea4106e44401de5be8236bb6c7d05da3221b',
  '05907b3cd97f16fa61e68cc705f3fc50',
].join('')
/** The same as generation 8, with a PIN and its salt. */
const PINNED = [
  '4b45594c494e4532',
  'd5e5b63bad70cd2ab52f95f28072827a2764f6865cc85c7012c41c8f9a0ea975',
  '0000000000000008',
  '01',
  '09090909090909090909090909090909',
  '78c7612b9231924bf8d015580f6454af1e4b9abe114d0c44113bc25da08d70b1',
  '21640628a24eec77e2478be41a8ce194b880fec030fe5325ab660a71a05ff1d3649f5bb3e943',
  'aa647d63c1b449cad62d4d086ec0f53a',
].join('')
/** magic, three wrong PINs, MAC */
const COUNTED = ['4b45594c50494e31', '03', '6ff3670065a6fdbbc1ae1ab350de98c621a88782869c87b4bfd283190f1e1258'].join('')
/** The name on the disk; magic; then salt, content, tag. */
const FILE_NAME = 'f-edb465624291e4053c6c5ea4b7eb320dec773e10a57d26b95dcf0564f8e310f8'
const FILE = [
  '4b45594c46494c31',
  '1db4b73425b32b8cd3e3be05a8a355208c36a054ae71039990df7f100e8d1f24',
  '41c8cf96a688adadde3185027ee2d344123666fbab7d96e3e2f61f844bccad1daab3d60415247723122e6b0db0',
  '6c6c57eec082a0bf5d5af5c41eee3ff5',
].join('')

const bytesOf = (hex: string): Buffer => Buffer.from(hex, 'hex')
const hexOf = (it: Uint8Array): string => Buffer.from(it).toString('hex')

/** @param at where the sealed part begins @param more where what it authenticates begins, up to `at` */
function plainOf(all: Buffer, at: number, more: number, ikm: Uint8Array, purpose: string): string {
  const salt = all.subarray(at, at + 32)
  const okm = Buffer.from(hkdfSync('sha256', ikm, salt, `keyline seal 1 ${purpose}`, 44))
  const decipher = createDecipheriv('aes-256-gcm', okm.subarray(0, 32), okm.subarray(32))
  decipher.setAAD(all.subarray(more, at)).setAuthTag(all.subarray(-16))
  return Buffer.concat([decipher.update(all.subarray(at + 32, -16)), decipher.final()]).toString('hex')
}

test('golden bytes: a sealed vault, with and without a PIN', async (t) => {
  const [plain, pinned] = [bytesOf(VAULT), bytesOf(PINNED)]
  t.is(plain.subarray(0, 8).toString(), 'KEYLINE2')
  const wanted = hexOf(encodeRecord(RECORD))
  t.is(plainOf(plain, 65, 40, fill(5), 'vault'), wanted)
  const typed = scryptSync('2468', PIN_SALT, 32, { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 })
  t.is(plainOf(pinned, 65, 40, Buffer.concat([fill(5), typed]), 'vault'), wanted)

  t.is(hexOf(encodeRecord(Vault.open(MemoryDisk.of(new Map([['vault', plain]])), board()).record)), wanted)
  const locked = Vault.open(MemoryDisk.of(new Map([['vault', pinned]])), board())
  t.is(hexOf(locked.locked ?? new Uint8Array(0)), hexOf(PIN_SALT))
  t.false(locked.unlock(await pinKey('2469', PIN_SALT)))
  t.true(locked.unlock(await pinKey('2468', PIN_SALT)))
  t.is(hexOf(encodeRecord(locked.record)), wanted)
})

test('each byte of a sealed vault counts, and each length: also for one who can compute its hash', (t) => {
  const golden = bytesOf(VAULT)
  const opens = (bytes: Uint8Array): boolean => {
    const found = parse(bytes)
    return found?.sealed !== undefined && openSealed(found.sealed.bytes, { board: board() }) !== undefined
  }
  const hashed = (bytes: Buffer): Buffer => {
    if (bytes.length > 40) bytes.set(sha256(bytes.subarray(40)), 8)
    return bytes
  }
  t.true(opens(hashed(Buffer.from(golden))))
  for (let at = 0; at < golden.length; at++) {
    t.false(opens(golden.subarray(0, at)), `cut at ${at}`)
    t.false(opens(hashed(Buffer.from(golden.subarray(0, at)))), `cut at ${at}, hash right`)
    for (let bit = 0; bit < 8; bit++) {
      const bad = Buffer.from(golden)
      bad[at] = (bad[at] ?? 0) ^ (1 << bit)
      t.false(opens(bad), `byte ${at}, bit ${bit}`)
      // The hash itself is what was put right again.
      if (at < 8 || at >= 40) t.false(opens(hashed(bad)), `byte ${at}, bit ${bit}, hash right`)
    }
  }
})

test('golden bytes: the count of wrong PINs', (t) => {
  const golden = bytesOf(COUNTED)
  const mac = createHmac('sha256', fill(5)).update('keyline pin tries 1').update(golden.subarray(0, 9)).digest('hex')
  t.is(hexOf(golden.subarray(9)), mac)
  t.is(new PinTries(MemoryDisk.of(new Map([['pin-tries', golden]])), board()).wrong, 3)
  for (let at = 0; at < golden.length; at++) {
    const cut = new PinTries(MemoryDisk.of(new Map([['pin-tries', golden.subarray(0, at)]])), board())
    t.deepEqual([cut.wrong, cut.foreign], [TRIES - 1, true], `cut at ${at}`)
  }
})

test('golden bytes: a file of the file area', (t) => {
  const golden = bytesOf(FILE)
  const head = Buffer.concat([Uint8Array.of(4), Buffer.from('note'), Uint8Array.of(0, 0, 0, 4)])
  const magic = golden.subarray(0, 8)
  t.is(magic.toString(), 'KEYLFIL1')
  const wanted = Buffer.concat([head, sha256(Buffer.from('text')), Buffer.from('text')])
  t.is(plainOf(golden, 8, 0, fill(6), 'file'), wanted.toString('hex'))
  const vault = Vault.open(MemoryDisk.of(new Map([['vault', bytesOf(VAULT)]])), board())
  const area = (bytes: Uint8Array): FileArea => new FileArea(MemoryDisk.of(new Map([[FILE_NAME, bytes]])), vault)
  t.is(Buffer.from(area(golden).read('note', 0).part).toString(), 'text')
  for (let at = 0; at < golden.length; at++) {
    t.deepEqual(area(golden.subarray(0, at)).list().files, [], `cut at ${at}`)
    const bad = Buffer.from(golden)
    bad[at] = (bad[at] ?? 0) ^ 1
    t.throws(() => area(bad).read('note', 0), { code: 'FILE_DAMAGED' }, `byte ${at}`)
  }
})
