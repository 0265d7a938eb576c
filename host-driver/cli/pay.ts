import { readFile } from 'node:fs/promises'
import { money } from '../../wire/money.ts'
import { fault, KeylineError, systemCode } from '../errors.ts'
import type { FaultCode } from '../faults.ts'
import { payOpen } from '../flows/second.ts'
import type { Purchase } from '../flows/settled.ts'
import { payInSession } from '../flows/third.ts'
import { openFetch } from '../requests/open-agent.ts'
import { purchaseTag, Shop, type Tag, type TagState } from '../requests/shop-api.ts'
import type { Terminal } from '../terminal.ts'
import { CARD_HELP, CARD_OPTION, cardSource } from './card-option.ts'
import { type Command, type CommandContext, type Options, text } from './command.ts'
import { keptSession } from './kept.ts'
import { askerOf, askPersonalData, sentences } from './pay-questions.ts'
import { refused } from './refused.ts'
import { itemLines, moment, receiptLines } from './shop-text.ts'
import { openUnlocked } from './unlock.ts'
import { VIA_HELP, VIA_OPTION, via } from './via-option.ts'

/** A file of authorities is a few certificates long, bytes. */
const CA_MAX = 1_000_000

type Payment = Pick<Parameters<typeof payOpen>[1], 'tag' | 'data' | 'onProgress' | 'signal'>

/** Where the tag is: an open shop, or the session that the keeper holds. */
interface Counter {
  readonly shop: Shop
  /** S28: nothing stays connected while the personal data are typed. */
  leave(): void
  pay(terminal: Terminal, payment: Payment): Promise<Purchase>
}

/** `keyline pay [TAG]`: S29–S36, S63–S70. */
export const pay: Command = {
  summary: 'pay for a purchase tag by telephone',
  help: `usage: keyline pay [TAG] [--shop https://HOST:PORT [--ca FILE] [--internet-via INTERFACE]]
                   [--card PATH | --modem PATH] [--json]

Pays for the purchase tag of the basket (keyline shop finish), or for TAG. Card number, expiry and security code are asked
for without being shown, then name and address; without a terminal they are the first lines of standard input, one
each, and the tenth line is y. All of it goes over the line only, never over the Internet.

  --shop URL    an open shop, over ordinary HTTPS and without a session; TAG is then needed
  --ca FILE     authorities (PEM) that alone are trusted for it
${VIA_HELP}; with --shop only
${CARD_HELP}

example: keyline pay`,
  options: { ...CARD_OPTION, shop: { type: 'string' }, ca: { type: 'string' }, ...VIA_OPTION },
  takes: ['[TAG]'],
  async run(context, [given], options) {
    const { output, signal } = context
    const counter = await counterOf(context, options, given)
    try {
      const card = await cardSource(context, options)
      const tag = await openTag(counter.shop, given, signal)
      counter.leave()
      for (const line of itemLines(tag.items, tag.amount, tag.currency)) output.say(line)
      output.note(`Held until ${moment(tag.lapsesAt)}. What follows goes by telephone, not over the Internet.`)
      const data = await agreedData(context, tag)
      const terminal = await openUnlocked(context, { card, onProgress: output.progress })
      try {
        return told(await counter.pay(terminal, { tag, data, onProgress: output.progress, signal }), tag, output)
      } finally {
        await terminal.close()
      }
    } finally {
      counter.leave()
    }
  },
}

async function counterOf(context: CommandContext, options: Options, given: string | undefined): Promise<Counter> {
  const shop = text(options, 'shop')
  const ca = text(options, 'ca')
  const { internetVia } = via(options)
  if (shop !== undefined) {
    if (given === undefined) throw fault('USAGE', { what: 'pay: expected TAG with --shop' })
    const address = {
      shop,
      ca: ca === undefined ? undefined : await readAuthorities(ca),
      via: internetVia,
    }
    const { fetch, close } = openFetch(address)
    return {
      shop: new Shop(fetch, 2),
      leave: close,
      pay: (terminal, payment) => payOpen(terminal, { ...address, ...payment }),
    }
  }
  if (ca !== undefined) throw fault('USAGE', { what: 'pay: --ca is for --shop only' })
  if (internetVia !== undefined) throw fault('USAGE', { what: 'pay: --internet-via is for --shop only' })
  const { fetch } = await keptSession(context)
  return {
    shop: new Shop(fetch, 3),
    leave: () => {},
    // A session sees its own user's tags only.
    pay: (terminal, payment) => payInSession(terminal, { session: { fetch, userId: payment.tag.userId }, ...payment }),
  }
}

/** @throws KeylineError INPUT_INVALID */
export async function readAuthorities(path: string): Promise<string> {
  try {
    const pem = await readFile(path, 'utf8')
    if (pem.length <= CA_MAX && pem.includes('-----BEGIN CERTIFICATE-----')) return pem
  } catch (cause) {
    throw fault('INPUT_INVALID', { what: `${path} cannot be read (${systemCode(cause) ?? 'unknown'})`, cause })
  }
  throw fault('INPUT_INVALID', { what: `expected certificates in PEM in ${path}` })
}

/** Why a tag that is not open any more is not called for. */
const ENDED: Readonly<Record<Exclude<TagState, 'open'>, FaultCode>> = {
  paying: 'TAG_PENDING',
  used: 'TAG_USED',
  lapsed: 'TAG_LAPSED',
  cancelled: 'TAG_LAPSED',
}

/** @throws KeylineError TAG_MISSING, TAG_* */
async function openTag(shop: Shop, given: string | undefined, signal: AbortSignal): Promise<Tag> {
  const wanted = given === undefined ? (await shop.basket(signal)).tag?.tag : purchaseTag(given)
  if (wanted === undefined) throw fault('TAG_MISSING')
  const tag = await shop.tag(wanted, signal)
  if (tag.state !== 'open') throw fault(ENDED[tag.state])
  return tag
}

/** S29, S63. @throws KeylineError INPUT_INVALID, CANCELLED */
async function agreedData(context: CommandContext, { amount, currency }: Tag) {
  const asker = await askerOf(context)
  const data = await askPersonalData(asker, new Date())
  const answer = await asker.ask(`Pay ${money(amount, currency)} by telephone? [y/N] `, false)
  if (!/^\s*y(es)?\s*$/i.test(answer)) throw fault('CANCELLED', { what: 'cancelled: nothing was sent' })
  return data
}

/** @returns fields of the last JSON line @throws KeylineError for everything but a payment */
function told(purchase: Purchase, tag: Tag, output: CommandContext['output']): Readonly<Record<string, unknown>> {
  if (purchase.outcome !== 'paid') throw notPaid(purchase)
  const { receipt, receiptBytes, learned } = purchase
  for (const line of receiptLines(receipt, tag.items)) output.say(line)
  const shown = purchase.learned === 'line' ? purchase.shown : 'unseen'
  if (shown === 'differs') {
    throw fault('RECEIPT_DIFFERS', {
      what: `${receipt.order} is paid, but the receipt that came by telephone is not the one that the shop shows over the Internet`,
    })
  }
  if (shown === 'same') output.say('The shop shows the same receipt over the Internet.')
  else if (learned === 'internet') output.note('The answer by telephone was lost; the shop told it over the Internet.')
  else output.note('The shop could not be asked over the Internet whether it shows the same receipt.')
  return { tag: tag.tag, ...receipt, learned, shown, receipt: Buffer.from(receiptBytes).toString('base64url') }
}

function notPaid(purchase: Exclude<Purchase, { outcome: 'paid' }>): KeylineError {
  switch (purchase.outcome) {
    case 'refused':
      return refused(purchase.reason, purchase.retryAfterSeconds)
    case 'declined':
      return fault('PAYMENT_REFUSED', {
        what: `the card company refused the card (${purchase.reason}); nothing was charged`,
      })
    case 'pending': {
      const { order } = purchase
      const what = `the card company has not answered yet${order === null ? '' : `; the order is ${order}`}`
      return fault('PAYMENT_PENDING', { what })
    }
    case 'not-charged':
      return fault('PAYMENT_NOT_TAKEN', { what: 'the payment did not come to its end; nothing was charged' })
    case 'invalid':
      return fault('PERSONAL_DATA_INVALID', { what: sentences(purchase.faults) })
    case 'not-taken': {
      const { code, what, cure } = purchase
      return new KeylineError({ code, what, cure, origin: 'server' })
    }
  }
}
