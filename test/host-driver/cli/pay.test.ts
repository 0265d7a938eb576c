import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { decodeBinaryRequest } from '../../../wire/line/bhttp.ts'
import { decodePayment } from '../../../wire/line/personal-data.ts'
import { CALL, CardRefusal } from '../fake-card.ts'
import { problem, TAG } from '../fake-shop.ts'
import { answered } from '../paying-card.ts'
import { ended } from './run.ts'
import { ANSWERS, SECRETS, shopDesk } from './shop-desk.ts'

/** With a tag for one lamp. */
async function tagged(t: Parameters<typeof shopDesk>[0]) {
  const desk = await shopDesk(t)
  desk.shop.basket.set('L-100', 1)
  desk.shop.tagged = true
  const open = (...more: string[]) => [TAG, '--shop', desk.url, '--ca', desk.ca, ...more]
  return { ...desk, open }
}

test.serial('the tag of the basket, in the session: items, steps, receipt', async (t) => {
  const { pay, card, shop } = await tagged(t)
  const { code, out, err } = await pay()
  t.is(code, 0, err)
  t.regex(
    out,
    /^ {3}1 × L-100 {2}EUR 49\.90 {2}Head lamp\n {2}Total {7}EUR 49\.90\nReceipt K-000012, 2026-03-\d\d \d\d:\d\d\n/,
  )
  t.regex(out, /Paid with Visa ending in 4242\.\nThe shop shows the same receipt over the Internet\.\n$/)
  t.regex(err, /^Held until 2026-03-\d\d \d\d:\d\d\. What follows goes by telephone, not over the Internet\.\n/)
  const steps = [...err.matchAll(/^(S\d+)/gm)].map(([step]) => step)
  t.deepEqual(steps, ['S63', 'S64', 'S67', 'S68', 'S69', 'S70'])
  t.like(card.asked.at(-1)?.params, {
    userId: 'alice',
    tag: TAG,
    expected: { amount: 4990, currency: 'EUR' },
    embodiment: 3,
  })
  t.is(shop.seen.at(-1), `GET /shop/tag/${TAG}`)
})

test.serial('the same as JSON: events, then the receipt', async (t) => {
  const { pay, shop } = await tagged(t)
  const { code, last, lines, err } = await pay(['--json'])
  t.is(code, 0)
  t.is(err, '')
  t.like(last, { ok: true, tag: TAG, order: 'K-000012', amount: 4990, currency: 'EUR', learned: 'line', shown: 'same' })
  t.is(last.receipt, Buffer.from(shop.receipt).toString('base64url'))
  t.true(lines.some(({ step, path }) => step === 'S68' && path === 'line'))
})

test.serial('in the open: --shop with --ca, without any session', async (t) => {
  const { pay, open, card, counted } = await tagged(t)
  const { code, last } = await pay([...open(), '--json'])
  t.is(code, 0)
  t.like(last, { ok: true, order: 'K-000012', shown: 'same' })
  t.like(card.asked.at(-1)?.params, { tag: TAG, embodiment: 2 })
  t.is(counted.all, 2, 'one connection before the personal data, another one after the call')
})

test.serial('what is typed reaches the card, and neither the shop nor any output', async (t) => {
  for (const path of ['session', 'open'] as const) {
    const { pay, open, card, shop } = await tagged(t)
    const { out, err } = await pay(path === 'open' ? open('--json') : ['--json'])
    const { request = '' } = (card.asked.at(-1)?.params ?? {}) as { request?: string } // line.pay
    t.deepEqual(decodePayment(decodeBinaryRequest(Buffer.from(request, 'base64url')).content).data, {
      cardNumber: '4242424242424242',
      expiryMonth: 12,
      expiryYear: 2033,
      securityCode: '737',
      name: 'Hanako Aoyama',
      street: 'Nowhere 1-2-3',
      postalCode: '100-0001',
      city: 'Tokyo',
      country: 'JP',
      contact: 'hanako@aoyama.example',
    })
    const seen = shop.seen.join() + out + err
    for (const secret of SECRETS) t.false(seen.includes(secret), secret)
  }
})

test.serial('each answer is checked: exit code 2, the field and why, never the value; nobody is called', async (t) => {
  const { pay, card } = await tagged(t)
  const wrong: readonly (readonly [line: number, answer: string, says: RegExp])[] = [
    [0, '4242424242424243', /Card number: This card number has a typing error/],
    [1, "'; DROP TABLE orders; --", /Expiry/],
    [3, 'a\u0007bcdef', /Name: This holds characters that cannot be printed/],
  ]
  for (const [line, answer, says] of wrong) {
    const { code, out, err } = await pay(
      [],
      ANSWERS.map((good, n) => (n === line ? answer : good)),
    )
    t.is(code, 2, `${line}: ${answer.slice(0, 20)}`)
    t.regex(err, says)
    t.regex(err, /\(INPUT_INVALID\)/)
    if (answer.length > 4) t.false((out + err).includes(answer))
  }
  t.false(card.asked.some(({ method }) => method === 'line.pay'))
})

test.serial('HTML, SQL and line breaks of Windows are text like any other', async (t) => {
  const { user, card, path } = await tagged(t)
  const lines: string[] = [...ANSWERS]
  lines[3] = '<b onclick="x">O\'Neill</b>'
  lines[4] = "1'; DROP TABLE orders; --"
  lines[8] = ''
  const { code } = await user.run(['pay', '--card', path], lines.map((line) => `${line}\r\n`).join(''))
  t.is(code, 0)
  const { request = '' } = (card.asked.at(-1)?.params ?? {}) as { request?: string } // line.pay
  t.like(decodePayment(decodeBinaryRequest(Buffer.from(request, 'base64url')).content).data, {
    name: lines[3],
    street: lines[4],
    contact: '',
  })
})

test.serial('without the tenth line, or with another than y, nothing is paid', async (t) => {
  const { pay, card } = await tagged(t)
  for (const consent of ['', 'n', 'no', 'yesss', 'j', 'Y N']) {
    const { code, err } = await pay([], [...ANSWERS.slice(0, 9), consent, ''])
    t.is(code, 1, consent)
    t.regex(err, /nothing was sent \(CANCELLED\)/)
  }
  for (const few of [[], ANSWERS.slice(0, 9), ANSWERS.slice(0, 1)]) {
    const { code, err } = await pay([], few)
    t.is(code, 2)
    t.regex(err, /expected on standard input 10 lines: card number, .*, y \(INPUT_INVALID\)/)
  }
  t.false(card.asked.some(({ method }) => method === 'line.pay'))
})

test.serial('endless input is cut, and not repeated', async (t) => {
  const { user, path } = await tagged(t)
  for (const input of ['x'.repeat(200_000), `${'4'.repeat(5000)}\n`.repeat(10)]) {
    const child = user.start(['pay', '--card', path], { open: true })
    const end = ended(child)
    // It does not read to the end.
    child.stdin?.on('error', () => {}).end(input)
    const { code, out, err } = await end
    t.is(code, 2)
    t.false(/xxx|444/.test(out + err))
  }
})

test.serial('personal data are no arguments, and the environment is not read for them', async (t) => {
  const { pay, user, path, card } = await tagged(t)
  for (const option of ['--card-number=4242424242424242', '--number', '--name=x', '--cvc=737']) {
    const { code, err } = await pay([option])
    t.is(code, 2)
    t.regex(err, /USAGE/)
    t.false(err.includes('4242424242424242'))
  }
  const { code } = await user.run(['pay', '--card', path], '')
  t.is(code, 2)
  t.false(card.asked.some(({ method }) => method === 'line.pay'))
})

test.serial('a tag that came to its end is told before anything is asked', async (t) => {
  const { user, shop, path, card } = await tagged(t)
  for (const [state, code] of [
    ['used', 'TAG_USED'],
    ['paying', 'TAG_PENDING'],
    ['lapsed', 'TAG_LAPSED'],
    ['cancelled', 'TAG_LAPSED'],
  ] as const) {
    shop.state = state
    const ended = await user.run(['pay', '--card', path, '--json'])
    t.is(ended.code, 3, state)
    t.like(ended.last, { ok: false, error: { code } })
  }
  t.deepEqual(card.asked, [])
})

test.serial('no tag, an unknown one, one that is none', async (t) => {
  const { pay, shop } = await tagged(t)
  shop.tagged = false
  t.like((await pay(['--json'])).last, { error: { code: 'TAG_MISSING' } })
  const unknown = await pay([TAG, '--json'])
  t.is(unknown.code, 3)
  t.like(unknown.last, { error: { code: 'TAG_UNKNOWN' } })
  t.is((await pay(['abc'])).code, 2)
})

test.serial('refused over the line: exit code 3, with the time to wait', async (t) => {
  const { pay, card } = await tagged(t)
  for (const reason of [
    'TAG_FOREIGN',
    'TAG_USED',
    'TAG_LAPSED',
    'TAG_PENDING',
    'CARD_LOCKED',
    'SERVER_BUSY',
  ] as const) {
    card.answers['line.pay'] = () => ({ verdict: 'refused', reason, retryAfterSeconds: 90, call: CALL })
    const { code, last } = await pay(['--json'])
    t.is(code, 3)
    t.like(last, { ok: false, error: { code: reason } })
    t.regex(JSON.stringify(last), /after 1:30 at the earliest/)
  }
})

test.serial('a refused card, data that the server refuses, a tag that was sealed meanwhile', async (t) => {
  const { pay, card } = await tagged(t)
  const words = { what: 'it says no', cure: 'do otherwise' }
  const faults = { street: 'This street is too short.' }
  for (const [status, body, exit, code, says] of [
    [402, { code: 'PAYMENT_REFUSED', ...words, reason: 'do-not-honour' }, 3, 'PAYMENT_REFUSED', /do-not-honour/],
    [422, { code: 'PERSONAL_DATA_INVALID', ...words, faults }, 2, 'PERSONAL_DATA_INVALID', /street: This street/],
    [409, { code: 'TAG_USED', ...words }, 3, 'TAG_USED', /it says no/],
    [409, { code: 'AMOUNT_CHANGED', ...words }, 3, 'AMOUNT_CHANGED', /it says no/],
    [503, { code: 'SERVER_BUSY', ...words }, 3, 'SERVER_BUSY', /it says no/],
  ] as const) {
    card.answers['line.pay'] = (params) => answered(params, status, body)
    const { code: exitCode, last } = await pay(['--json'])
    t.is(exitCode, exit, code)
    t.like(last, { ok: false, error: { code } })
    t.regex(JSON.stringify(last), says)
  }
})

test.serial("the card's own errors: exit code 4", async (t) => {
  const { pay, card } = await tagged(t)
  for (const code of ['NO_DIALTONE', 'AMOUNT_CHANGED']) {
    card.answers['line.pay'] = () => {
      throw new CardRefusal(code)
    }
    const ended = await pay(['--json'])
    t.is(ended.code, 4)
    t.like(ended.last, { error: { code } })
  }
})

test.serial('the answer was lost, and it was paid: the shop tells, exit code 0', async (t) => {
  const { pay, card, shop } = await tagged(t)
  card.answers['line.pay'] = () => {
    shop.state = 'used'
    throw new CardRefusal('LINE_OUTCOME_UNKNOWN')
  }
  const { code, out, err } = await pay()
  t.is(code, 0)
  t.regex(out, /Receipt K-000012/)
  t.regex(err, /S69 +Internet no answer came: the shop is asked over the Internet/)
  t.regex(err, /The answer by telephone was lost; the shop told it over the Internet\./)
})

test.serial('the answer was lost, and the tag came to its end: nothing was charged, exit code 1', async (t) => {
  const { pay, card, shop } = await tagged(t)
  card.answers['line.pay'] = () => {
    shop.state = 'lapsed'
    throw new CardRefusal('LINE_OUTCOME_UNKNOWN')
  }
  const { code, last } = await pay(['--json'])
  t.is(code, 1)
  t.like(last, { error: { code: 'PAYMENT_NOT_TAKEN' } })
})

test.serial('the shop shows another receipt: told with the order, exit code 1', async (t) => {
  const { pay, card, shop } = await tagged(t)
  const good = card.answers['line.pay']
  card.answers['line.pay'] = async (params) => {
    const answer = await good(params)
    const receipt = Buffer.from('80', 'hex').toString('base64url')
    shop.instead.set(`GET /shop/tag/${TAG}`, [{ body: { ...shop.tagAnswer(), receipt } }])
    return answer
  }
  const { code, out, err } = await pay()
  t.is(code, 1)
  t.regex(out, /Receipt K-000012/)
  t.regex(err, /K-000012 is paid, but .* \(RECEIPT_DIFFERS\)/)
})

test.serial('the shop cannot be asked afterwards: paid all the same', async (t) => {
  const { pay, card, shop } = await tagged(t)
  const good = card.answers['line.pay']
  card.answers['line.pay'] = async (params) => {
    const answer = await good(params)
    shop.broken = 3
    return answer
  }
  const { code, out, err } = await pay()
  t.is(code, 0)
  t.regex(out, /Paid with Visa/)
  t.regex(err, /could not be asked over the Internet/)
})

test.serial('Ctrl-C during the call hangs up; what is known is told', async (t) => {
  const { user, card, path } = await tagged(t)
  const hang = Promise.withResolvers<never>()
  card.answers['line.pay'] = () => hang.promise
  card.answers['line.cancel'] = () => {
    hang.reject(new CardRefusal('LINE_CANCELLED'))
    return { cancelled: true }
  }
  const child = user.start(['pay', '--card', path, '--json'], ANSWERS.map((line) => `${line}\n`).join(''))
  const end = ended(child)
  while (!card.asked.some(({ method }) => method === 'line.pay'))
    await new Promise((resolve) => setTimeout(resolve, 10))
  child.kill('SIGINT')
  const { code, last } = await end
  t.is(code, 1)
  t.like(last, { ok: false, error: { code: 'CANCELLED' } })
})

test.serial('options that do not go together, addresses and files that are none: exit code 2', async (t) => {
  const { pay, user, url, ca, card } = await tagged(t)
  const empty = join(user.folder, 'empty.pem')
  await writeFile(empty, 'no certificate')
  for (const [argv, code] of [
    [['--shop', url], 'USAGE'],
    [['--ca', ca], 'USAGE'],
    [[TAG, TAG], 'USAGE'],
    [[TAG, '--shop', 'http://127.0.0.1:1'], 'INPUT_INVALID'],
    [[TAG, '--shop', url, '--ca', '/nowhere/ca.pem'], 'INPUT_INVALID'],
    [[TAG, '--shop', url, '--ca', empty], 'INPUT_INVALID'],
    [['abc', '--shop', url, '--ca', ca], 'INPUT_INVALID'],
  ] as const) {
    const { code: exit, last } = await pay([...argv, '--json'])
    t.is(exit, 2, argv.join(' '))
    t.like(last, { ok: false, error: { code } })
  }
  t.deepEqual(card.asked, [])
})

test.serial('a shop that is not trusted: exit code 5, nothing is asked for', async (t) => {
  const { pay, url, shop } = await tagged(t)
  const { code, last } = await pay([TAG, '--shop', url, '--json'], [])
  t.is(code, 5)
  t.like(last, { error: { code: 'INTERNET_CERTIFICATE_REFUSED' } })
  t.deepEqual(shop.seen, [])
})

test.serial('a card that is not there: exit code 4, nothing is asked for', async (t) => {
  const { user } = await tagged(t)
  const { code, err } = await user.run(
    ['pay', '--card', '/dev/keyline-none'],
    ANSWERS.map((line) => `${line}\n`).join(''),
  )
  t.is(code, 4)
  t.regex(err, /CARD_NOT_FOUND/)
})

test.serial('the shop does not know the tag in the open', async (t) => {
  const { pay, open, shop } = await tagged(t)
  shop.instead.set(`GET /shop/tag/${TAG}`, [problem(404, 'TAG_UNKNOWN')])
  const { code, last } = await pay([...open(), '--json'])
  t.is(code, 3)
  t.like(last, { error: { code: 'TAG_UNKNOWN' } })
})
