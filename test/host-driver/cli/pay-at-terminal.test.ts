import test, { type ExecutionContext } from 'ava'
import { atKeyboard } from './keyboard.ts'
import { ANSWERS, SECRETS, shopDesk } from './shop-desk.ts'

const QUESTIONS = [
  'Card number: ',
  'Expiry (MM/YY): ',
  'Security code: ',
  'Name: ',
  'Street: ',
  'Postal code: ',
  'City: ',
  'Country (two letters): ',
  'may be empty): ',
  'Pay EUR 49.90 by telephone? [y/N] ',
] as const

/** `keyline pay` at a terminal, with a tag for one lamp. */
async function paying(t: ExecutionContext) {
  const desk = await shopDesk(t)
  desk.shop.basket.set('L-100', 1)
  desk.shop.tagged = true
  return { ...desk, ...atKeyboard(t, desk.user, ['pay', '--card', desk.path]) }
}

test.serial('all is asked for; what is secret is shown nowhere', async (t) => {
  const { answer, end, seen } = await paying(t)
  for (const [n, question] of QUESTIONS.entries()) await answer(question, `${ANSWERS[n]}\r`)
  const { code, out, err } = await end
  t.is(code, 0, err)
  t.regex(out, /Receipt K-000012/)
  t.regex(err, /S68 +line/)
  for (const secret of ['4242 4242', '12/33', '737']) t.false((seen.echoed + out + err).includes(secret), secret)
  // A person sees what he types of his address; it is no result.
  t.true((seen.echoed + err).includes('Hanako Aoyama'))
  for (const secret of SECRETS) t.false(out.includes(secret), secret)
})

test.serial('a wrong answer is asked again, the third one ends it', async (t) => {
  const { answer, end, card } = await paying(t)
  await answer('Card number: ', '4242424242424243\r')
  await answer('typing error.', '')
  await answer('Card number: ', '42\r')
  await answer('12 to 19 digits.', '')
  await answer('Card number: ', '4242424242424242\r')
  await answer('Expiry (MM/YY): ', '1\r')
  await answer('Expiry (MM/YY): ', '13/33\r')
  await answer('Expiry (MM/YY): ', '12/20\r')
  const { code, err } = await end
  t.is(code, 2)
  t.regex(err, /Expiry \(MM\/YY\): This card has expired \(INPUT_INVALID\)/)
  t.deepEqual(card.asked, [])
})

for (const [name, keys] of [
  ['no', 'n\r'],
  ['nothing', '\r'],
] as const) {
  test.serial(`${name} at the last question: nothing is sent`, async (t) => {
    const { answer, end, card } = await paying(t)
    for (const [n, question] of QUESTIONS.entries()) await answer(question, n === 9 ? keys : `${ANSWERS[n]}\r`)
    const { code, err } = await end
    t.is(code, 1)
    t.regex(err, /nothing was sent \(CANCELLED\)/)
    t.deepEqual(card.asked, [])
  })
}

for (const [question, before] of [
  ['Card number: ', 0],
  ['Name: ', 3],
  ['Pay EUR 49.90 by telephone? [y/N] ', 9],
] as const) {
  test.serial(`Ctrl-C at "${question}" ends it, and the card hears nothing`, async (t) => {
    const { answer, end, card } = await paying(t)
    for (let n = 0; n < before; n++) await answer(QUESTIONS[n] ?? '', `${ANSWERS[n]}\r`)
    await answer(question, '\u0003')
    const { code, err } = await end
    t.is(code, 1)
    t.regex(err, /CANCELLED/)
    t.deepEqual(card.asked, [])
  })
}
