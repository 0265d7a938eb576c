import { QUANTITY_MAX } from '../../wire/line/receipt.ts'
import { money } from '../../wire/money.ts'
import { fault } from '../errors.ts'
import { type Basket, Shop } from '../requests/shop-api.ts'
import type { Command, CommandContext } from './command.ts'
import { keptSession } from './kept.ts'
import { itemLines, moment, tagFields } from './shop-text.ts'

type Fields = Readonly<Record<string, unknown>>
type Act = (shop: Shop, context: CommandContext, args: readonly string[]) => Promise<Fields>

/** `keyline shop …`: the shop of the third embodiment, inside the session that the keeper holds (S56–S61). */
function shopCommand(about: Pick<Command, 'summary' | 'help' | 'takes'>, act: Act): Command {
  return {
    ...about,
    options: {},
    run: async (context, args) => {
      const keeper = await keptSession(context)
      return act(new Shop(keeper.fetch, 3, context.output.progress), context, args)
    },
  }
}

const list: Act = async (shop, { output, signal }) => {
  const goods = await shop.goods(signal)
  const prices = goods.map(({ price, currency }) => money(price, currency))
  const widest = Math.max(0, ...prices.map(({ length }) => length))
  const longest = Math.max(0, ...goods.map(({ product }) => product.length))
  for (const [n, { product, name, available }] of goods.entries()) {
    const stock = available > 0 ? `${available} left` : 'sold out'
    output.say(`${product.padEnd(longest)}  ${prices[n]?.padStart(widest)}  ${stock.padEnd(8)}  ${name}`)
  }
  return { goods }
}

const add: Act = async (shop, { output, signal }, [product = '', given = '1']) => {
  const more = /^[0-9]{1,2}$/.test(given) ? Number(given) : 0
  if (more === 0) throw fault('USAGE', { what: `shop add: expected a number from 1 to ${QUANTITY_MAX} as N` })
  const { items } = await shop.basket(signal)
  const there = items.find((item) => item.product === product)?.quantity ?? 0
  const basket = await shop.setItem(product, there + more, signal)
  return sayBasket(basket, output)
}

const remove: Act = async (shop, { output, signal }, [product = '']) => {
  return sayBasket(await shop.setItem(product, 0, signal), output)
}

const look: Act = async (shop, { output, signal }) => sayBasket(await shop.basket(signal), output)

function sayBasket(basket: Basket, output: CommandContext['output']): Fields {
  const { items, amount, currency, tag } = basket
  if (items.length === 0 || currency === null) output.say(`Basket ${basket.basket ?? ''} is empty.`)
  else {
    output.say(`Basket ${basket.basket ?? ''}`)
    for (const line of itemLines(items, amount, currency)) output.say(line)
  }
  if (tag !== null) output.say(`Purchase tag ${tag.tag}: ${tag.state}, until ${moment(tag.lapsesAt)}`)
  return { ...basket }
}

const finish: Act = async (shop, { output, signal }) => {
  const tag = await shop.finish(signal)
  output.progress({ type: 'step', step: 'S61', path: 'here', text: 'the tag is kept' })
  for (const line of itemLines(tag.items, tag.amount, tag.currency)) output.say(line)
  output.say(`Purchase tag ${tag.tag} holds this until ${moment(tag.lapsesAt)}. Pay with keyline pay.`)
  return tagFields(tag)
}

const cancel: Act = async (shop, { output, signal }) => {
  const { tag } = await shop.basket(signal)
  if (tag === null) throw fault('TAG_MISSING')
  const cancelled = await shop.cancel(tag.tag, signal)
  output.say('The purchase tag is cancelled, its goods went back. Nothing was charged.')
  return tagFields(cancelled)
}

const orders: Act = async (shop, { output, signal }) => {
  const all = await shop.orders(signal)
  if (all.length === 0) output.say('There are no orders yet.')
  for (const { order, createdAt, state, amount, currency, brand, lastFour, shipment } of all) {
    const sent = state === 'paid' ? `, shipment ${shipment}` : ''
    output.say(`${order}  ${moment(createdAt)}  ${money(amount, currency)}  ${brand} …${lastFour}  ${state}${sent}`)
  }
  const receipts = all.map(({ receipt }) => (receipt === null ? null : Buffer.from(receipt).toString('base64url')))
  return { orders: all.map((order, n) => ({ ...order, receipt: receipts[n] })) }
}

const ACTIONS: Readonly<Record<string, Command>> = {
  ls: shopCommand(
    {
      summary: 'show the goods of the shop',
      help: `usage: keyline shop ls [--json]

Lists product number, price, stock and name of what the shop offers to this session.

example: keyline shop ls`,
      takes: [],
    },
    list,
  ),
  add: shopCommand(
    {
      summary: 'put goods into the basket',
      help: `usage: keyline shop add PRODUCT [N] [--json]

Adds N (1) of a product to the basket. Under an open purchase tag the tag, its amount and the stock follow.

example: keyline shop add L-100 2`,
      takes: ['PRODUCT', '[N]'],
    },
    add,
  ),
  rm: shopCommand(
    {
      summary: 'take goods out of the basket',
      help: `usage: keyline shop rm PRODUCT [--json]

Takes a product out of the basket, all of it.

example: keyline shop rm L-100`,
      takes: ['PRODUCT'],
    },
    remove,
  ),
  basket: shopCommand(
    {
      summary: 'show the basket and its purchase tag',
      help: `usage: keyline shop basket [--json]

Shows what is in the basket, the sum, and the purchase tag when there is one.

example: keyline shop basket`,
      takes: [],
    },
    look,
  ),
  finish: shopCommand(
    {
      summary: 'selection finished: get the purchase tag',
      help: `usage: keyline shop finish [--json]

The shop holds the goods of the basket under a purchase tag for some minutes; nobody else can buy them meanwhile.

example: keyline shop finish && keyline pay`,
      takes: [],
    },
    finish,
  ),
  cancel: shopCommand(
    {
      summary: 'give back what the purchase tag holds',
      help: `usage: keyline shop cancel [--json]

Ends the purchase tag of the basket. Nothing can be charged for it any more.

example: keyline shop cancel`,
      takes: [],
    },
    cancel,
  ),
  orders: shopCommand(
    {
      summary: 'show the orders of this user',
      help: `usage: keyline shop orders [--json]

Lists the orders, the newest first: number, time, amount, card, state.

example: keyline shop orders`,
      takes: [],
    },
    orders,
  ),
}

const named = Object.entries(ACTIONS).map(([name, { summary }]) => `  shop ${name.padEnd(7)} ${summary}`)

/** `keyline shop` alone: what there is. */
const shop: Command = {
  summary: 'pick goods in the shop and get the purchase tag',
  help: `usage: keyline shop ACTION [ARGUMENTS] [--json]

The shop inside the session of keyline login; keyline shop ACTION --help tells more.

${named.join('\n')}

example: keyline shop ls`,
  options: {},
  takes: ['ACTION'],
  run: async (_context, [given]) => {
    const actions = Object.keys(ACTIONS).join(', ')
    throw fault('USAGE', { what: `shop: expected ${actions}, got ${JSON.stringify(given)}` })
  },
}

/** All of them, most by their names of two words. */
export const SHOP: Readonly<Record<string, Command>> = {
  shop,
  ...Object.fromEntries(Object.entries(ACTIONS).map(([name, command]) => [`shop ${name}`, command])),
}
