import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { ServerError } from '../../../server/errors.ts'
import { PHOTO_MAX, PRICE_MAX, photoType, readGoodsFile } from '../../../server/shop/goods-file.ts'
import { AMOUNT_MAX } from '../../../wire/line/purchase.ts'
import { folder } from '../world.ts'

const PNG = Buffer.from('89504e470d0a1a0a0000', 'hex')
const ONE = { product: 'A-1', name: 'Lamp', specification: '12 V', price: 4990, stock: 5 }

const refused = { instanceOf: ServerError, message: /^GOODS_UNUSABLE: / }

test('goods with their photos', async (t) => {
  const own = folder(t)
  writeFileSync(join(own, 'lamp.png'), PNG)
  const goods = [
    { ...ONE, photo: 'lamp.png' },
    { ...ONE, product: 'B-2', name: '<b>Ω</b>' },
  ]
  writeFileSync(join(own, 'goods.json'), JSON.stringify({ currency: 'EUR', goods }))
  const read = await readGoodsFile(join(own, 'goods.json'))
  t.deepEqual(read[0]?.photo, { type: 'image/png', bytes: PNG })
  t.deepEqual(read[1], { ...ONE, product: 'B-2', name: '<b>Ω</b>', currency: 'EUR', photo: undefined })
})

test('anything wrong refuses the whole file, and says where', async (t) => {
  const own = folder(t)
  writeFileSync(join(own, 'page.png'), '<svg onload="alert(1)"/>')
  writeFileSync(join(own, 'big.png'), Buffer.concat([PNG, Buffer.alloc(PHOTO_MAX)]))
  mkdirSync(join(own, 'folder.png'))
  writeFileSync(join(own, 'real.png'), PNG)
  symlinkSync(join(own, 'real.png'), join(own, 'link.png'))
  const wrong: readonly unknown[] = [
    { currency: 'euro', goods: [ONE] },
    { currency: 'EUR', goods: [] },
    { currency: 'EUR', goods: [ONE, ONE] },
    { currency: 'EUR', goods: [ONE], more: 1 },
    ...[
      { product: 'a b' },
      { product: "'; DROP TABLE goods" },
      { price: -1 },
      { price: 1.5 },
      { price: PRICE_MAX + 1 },
      { price: '4990' },
      { stock: -1 },
      { name: '' },
      { name: 'x'.repeat(121) },
      { name: 'one\u202etwo' },
      { specification: 'line\nline' },
      { colour: 'red' },
      { photo: '../page.png' },
      { photo: '/etc/passwd' },
      { photo: '.hidden' },
      { photo: 'missing.png' },
      { photo: 'page.png' },
      { photo: 'big.png' },
      { photo: 'folder.png' },
      { photo: 'link.png' },
      { photo: '' },
      { photo: '..' },
      { photo: 'a\u0000b.png' },
      { photo: 'a/../real.png' },
    ].map((change) => ({ currency: 'EUR', goods: [{ ...ONE, ...change }] })),
    [ONE],
    null,
    7,
  ]
  const path = join(own, 'goods.json')
  for (const value of wrong) {
    writeFileSync(path, JSON.stringify(value))
    await t.throwsAsync(readGoodsFile(path), refused, JSON.stringify(value))
  }
  for (const bytes of [Buffer.from('{'), Buffer.from([0xff, 0xfe]), Buffer.alloc(0)]) {
    writeFileSync(path, bytes)
    await t.throwsAsync(readGoodsFile(path), refused)
  }
  await t.throwsAsync(readGoodsFile(own), refused)
  await t.throwsAsync(readGoodsFile(join(own, 'nothing.json')), refused)
})

test('pictures are known by their first bytes', (t) => {
  t.is(photoType(Buffer.from('ffd8ffe0', 'hex')), 'image/jpeg')
  t.is(photoType(Buffer.from('RIFF0000WEBPVP8 ')), 'image/webp')
  t.is(photoType(Buffer.from('RIFF0000WAVE')), undefined)
  t.is(photoType(Buffer.alloc(0)), undefined)
})

test('the fullest basket of the dearest goods can still be said on the line', (t) => {
  t.true(20 * 99 * PRICE_MAX <= AMOUNT_MAX)
  t.true(20 * 99 * (PRICE_MAX + 1) > AMOUNT_MAX)
})

test('a photo may have just the size it may have', async (t) => {
  const own = folder(t)
  writeFileSync(join(own, 'full.png'), Buffer.concat([PNG], PHOTO_MAX))
  writeFileSync(join(own, 'goods.json'), JSON.stringify({ currency: 'EUR', goods: [{ ...ONE, photo: 'full.png' }] }))
  t.is((await readGoodsFile(join(own, 'goods.json')))[0]?.photo?.bytes.length, PHOTO_MAX)
})

test('what is said about a wrong file cannot move a cursor', async (t) => {
  const own = folder(t)
  const path = join(own, 'goods.json')
  for (const change of [
    { photo: '\u001b[2J.png' },
    { '\u001b[2J': 1 },
    { photo: 'a\nb.png' },
    { photo: '\u202egnp.a' },
  ]) {
    writeFileSync(path, JSON.stringify({ currency: 'EUR', goods: [{ ...ONE, ...change }] }))
    const error = await t.throwsAsync(readGoodsFile(path), refused)
    t.notRegex(error?.message ?? '', /[\p{Cc}\p{Cf}\u2028\u2029]/u)
  }
})
