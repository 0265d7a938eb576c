import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { ServerError } from '../../../server/errors.ts'
import type { Result } from '../../../server/manage/command.ts'
import { GOODS_COMMANDS } from '../../../server/manage/goods.ts'
import { openSqliteStore } from '../../../server/store/sqlite.ts'
import { run } from '../program.ts'
import { tagOf } from '../store/shop-contract.ts'
import { folder, START } from '../world.ts'

const PNG = Buffer.from('89504e470d0a1a0a0000', 'hex')
const LAMP = { product: 'L-100', name: 'Lamp', specification: '12 V', price: 4990, stock: 5, photo: 'lamp.png' }
const BULB = { product: 'B-7', name: 'Bulb <b>&', specification: '5 W', price: 50, stock: 12 }
const HOSTILE = ["'; DROP TABLE goods; --", '<script>', '../../etc/passwd', '\u001b[2J', '', 'x'.repeat(100_000)]

interface World {
  readonly data: string
  readonly file: string
  command(name: string, ...argv: readonly string[]): Promise<Result>
  /** @returns the code that it is refused with */
  refusal(name: string, ...argv: readonly string[]): Promise<string>
  /** Writes the goods' file. */
  write(goods: readonly unknown[], currency?: string): void
}

/** An empty data folder, and a goods' file with a lamp, its photo, and a bulb. */
function world(t: ExecutionContext): World {
  const own = folder(t)
  const data = join(own, 'data')
  const file = join(own, 'goods.json')
  const write = (goods: readonly unknown[], currency = 'EUR'): void =>
    writeFileSync(file, JSON.stringify({ currency, goods }))
  writeFileSync(join(own, 'lamp.png'), PNG)
  write([LAMP, BULB])
  const context = { input: process.stdin, prompt: process.stderr, now: () => START }
  const command = async (name: string, ...argv: readonly string[]): Promise<Result> => {
    const found = GOODS_COMMANDS[name]
    if (found === undefined) throw new Error(`there is no command ${name}`)
    return found(context, [...argv, '--data', data])
  }
  const refusal = async (name: string, ...argv: readonly string[]): Promise<string> => {
    const error = await t.throwsAsync<ServerError>(command(name, ...argv))
    return error.code
  }
  return { data, file, command, refusal, write }
}

function shopOf(t: ExecutionContext, data: string) {
  const store = openSqliteStore(join(data, 'server.db'))
  t.teardown(() => store.close())
  return store.shop
}

test('load and list: also in an empty folder, in the order of the file, with photos', async (t) => {
  const { command, data, file } = world(t)
  const loaded = await command('goods load', file)
  t.deepEqual(loaded, { text: '2 goods are loaded', fields: { goods: 2 } })
  const { text, fields } = await command('goods list')
  t.deepEqual(
    text.split('\n').map((line) => line.split(/ {2,}/)),
    [
      ['L-100', 'Lamp', 'EUR 49.90', '5 in stock'],
      ['B-7', 'Bulb <b>&', 'EUR 0.50', '12 in stock'],
    ],
  )
  t.like(fields.goods, [{ product: 'L-100', price: 4990, currency: 'EUR', available: 5, withdrawn: false }])
  const photo = await shopOf(t, data).photo('L-100')
  t.is(photo?.type, 'image/png')
  t.deepEqual(Buffer.from(photo?.bytes ?? []), PNG)
})

test('loading again changes what is said of the goods, not how many there are', async (t) => {
  const { command, file, write } = world(t)
  await command('goods load', file)
  await command('goods stock', 'L-100', 'remove', '2')
  write([{ ...LAMP, name: 'Lamp II', price: 5990, stock: 99 }])
  await command('goods load', file)
  const { text } = await command('goods list')
  t.regex(text, /L-100 +Lamp II +EUR 59\.90 +3 in stock/)
  t.regex(text, /B-7 .* 12 in stock/)
})

test('a file with one fault loads nothing, and changes nothing of what is there', async (t) => {
  const { command, refusal, file, write } = world(t)
  await command('goods load', file)
  const before = (await command('goods list')).text
  for (const wrong of [
    { ...BULB, product: 'NEW-2', price: -1 },
    { ...BULB, product: 'NEW-2', name: 'a\u0007b' },
    { ...BULB, product: 'NEW-2', photo: '../lamp.png' },
    { ...BULB, product: 'NEW-2', photo: 'missing.png' },
    { ...BULB, product: 'NEW-1' },
  ]) {
    write([{ ...LAMP, price: 1 }, { ...BULB, product: 'NEW-1' }, wrong])
    t.is(await refusal('goods load', file), 'GOODS_UNUSABLE', JSON.stringify(wrong))
    t.is((await command('goods list')).text, before)
  }
})

test('files that are none: folder, missing, empty, huge, not JSON, not UTF-8', async (t) => {
  const { refusal, file } = world(t)
  const own = join(file, '..')
  mkdirSync(join(own, 'folder'))
  for (const path of [join(own, 'folder'), join(own, 'missing.json'), '/dev/zero', '']) {
    t.is(await refusal('goods load', path), 'GOODS_UNUSABLE', path)
  }
  for (const bytes of ['', '{', '[]', 'null', Buffer.from([0xff]), Buffer.alloc(5 * 2 ** 20, ' ')]) {
    writeFileSync(file, bytes)
    t.is(await refusal('goods load', file), 'GOODS_UNUSABLE', String(bytes).slice(0, 10))
  }
})

test('stock is added and removed, never below nothing; what tags hold is not there to be removed', async (t) => {
  const { command, refusal, data, file } = world(t)
  await command('goods load', file)
  const added = await command('goods stock', 'L-100', 'add', '3')
  t.deepEqual(added, { text: 'L-100: 8 in stock', fields: { product: 'L-100', available: 8 } })
  t.like(await command('goods stock', 'L-100', 'remove', '1'), { fields: { available: 7 } })
  await tagOf(shopOf(t, data), 't', { 'L-100': 2 })
  t.is(await refusal('goods stock', 'L-100', 'remove', '6'), 'STOCK_TOO_SMALL')
  t.like(await command('goods stock', 'L-100', 'remove', '5'), { fields: { available: 0 } })
  t.is(await refusal('goods stock', 'L-100', 'remove', '1'), 'STOCK_TOO_SMALL')
  t.like(await command('goods stock', 'L-100', 'add', '0'), { fields: { available: 0 } })
})

test('what is no change of stock is refused before anything is looked at', async (t) => {
  const { command, refusal, file } = world(t)
  await command('goods load', file)
  const before = (await command('goods list')).text
  for (const words of [
    ...['-1', '+1', '1.5', '1e3', '0x10', '', ' 1', '1\n', '1234567', '１', 'NaN'].map((count) => [
      'L-100',
      'add',
      count,
    ]),
    ...['set', 'ADD', '', '__proto__', "'; --"].map((what) => ['L-100', what, '1']),
    ['L-100'],
    ['L-100', 'add'],
    ['L-100', 'add', '1', '2'],
  ]) {
    t.is(await refusal('goods stock', ...words), 'USAGE', words.join(' '))
  }
  t.is((await command('goods list')).text, before)
})

test('withdrawn goods are not offered until they are offered again; a tag that holds them stays good', async (t) => {
  const { command, data, file } = world(t)
  await command('goods load', file)
  const shop = shopOf(t, data)
  const { tag } = await tagOf(shop, 't', { 'L-100': 1 })
  t.like(await command('goods withdraw', 'L-100'), { fields: { product: 'L-100', withdrawn: true } })
  t.regex((await command('goods list')).text, /^B-7 [^\n]*$/)
  t.is((await shop.tag(tag))?.state, 'open')
  await command('goods withdraw', 'L-100')
  await command('goods load', file) // a change of its text is no offer
  t.is((await shop.good('L-100'))?.withdrawn, true)
  t.like(await command('goods offer', 'L-100'), { fields: { product: 'L-100', withdrawn: false } })
  t.regex((await command('goods list')).text, /^L-100 .* 4 in stock\n/)
})

test('hostile product numbers are unknown goods, and stay out of what is said', async (t) => {
  const { command, refusal, data, file } = world(t)
  await command('goods load', file)
  for (const product of [...HOSTILE, 'l-100', 'L-100 ', 'X-1']) {
    t.is(await refusal('goods stock', product, 'add', '1'), 'GOODS_UNKNOWN')
    t.is(await refusal('goods withdraw', product), 'GOODS_UNKNOWN')
    t.is(await refusal('goods offer', product), 'GOODS_UNKNOWN')
  }
  t.is((await shopOf(t, data).goods()).length, 2)
})

test('only load begins a server; a folder that others write into is not used', async (t) => {
  const { command, refusal, data, file } = world(t)
  t.is(await refusal('goods list'), 'DATA_MISSING')
  t.is(await refusal('goods withdraw', 'L-100'), 'DATA_MISSING')
  await command('goods load', file)
  chmodSync(data, 0o777)
  t.is(await refusal('goods list'), 'DATA_UNSAFE')
})

test('as a program: text, --json, and errors with code, what and cure', async (t) => {
  const { data, file } = world(t)
  const goods = (...args: readonly string[]) => run(['goods', ...args, '--data', data])
  t.like(await goods('load', file), { code: 0, out: '2 goods are loaded\n', err: '' })
  t.deepEqual((await goods('stock', 'B-7', 'add', '1', '--json')).json(), { ok: true, product: 'B-7', available: 13 })
  const listed = (await goods('list', '--json')).json()
  t.like(listed, { ok: true, goods: [{ product: 'L-100' }, { product: 'B-7', available: 13 }] })
  const unknown = await goods('offer', 'X-1', '--json')
  t.is(unknown.code, 1)
  t.like(JSON.parse(unknown.err), { ok: false, error: { code: 'GOODS_UNKNOWN', cure: 'see goods list' } })
  // As options are written, a minus would be one: it is refused, not taken for something else.
  t.is((await goods('stock', 'B-7', '-1')).code, 2)
  t.is((await goods()).code, 2)
  t.false(readFileSync(join(data, 'server.db')).includes('goods.json'))
})
