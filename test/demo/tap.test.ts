import test from 'ava'
import fc from 'fast-check'
import { formsOf, hits } from '../../demo/tap.ts'
import { seeded } from '../random.ts'

const NAME = { name: 'name', bytes: Buffer.from('Käthe Beispiel') }
const NOISE = Buffer.from('....')

/** How often it is found in this text among other bytes. */
const found = (text: string | Uint8Array, searched = NAME): number =>
  hits([Buffer.concat([NOISE, Buffer.from(text), NOISE])], [searched])

test('found as it is, and in every encoding that a wire may carry', (t) => {
  const { bytes } = NAME
  const plain = bytes.toString('utf8')
  const utf16 = Buffer.from(plain, 'utf16le')
  const forms: readonly (readonly [string, string | Uint8Array])[] = [
    ['plain', plain],
    ['hex', bytes.toString('hex')],
    ['HEX', bytes.toString('hex').toUpperCase()],
    ['base64', bytes.toString('base64')],
    ['base64url', bytes.toString('base64url')],
    ['URL', 'K%C3%A4the%20Beispiel'],
    ['URL in lower case', 'K%c3%a4the%20Beispiel'],
    ['form', 'K%C3%A4the+Beispiel'],
    ['UTF-16LE', utf16],
    ['UTF-16BE', Buffer.from(utf16).swap16()],
  ]
  for (const [name, form] of forms) t.true(found(form) >= 1, name)
  t.is(found(plain), 1)
  t.is(found('Kathe Beispiel'), 0)
  t.is(found(''), 0)
})

test('base64 is found wherever the secret stands in what was encoded', (t) => {
  const seed = 64
  t.log(`seed ${seed}`)
  const property = fc.property(
    fc.uint8Array({ minLength: 8, maxLength: 40 }),
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom('base64', 'base64url', 'hex'),
    (secret, before, after, form) => {
      const text = Buffer.concat([before, secret, after]).toString(form)
      return found(text, { name: 'secret', bytes: Buffer.from(secret) }) >= 1
    },
  )
  t.notThrows(() => fc.assert(property, { seed, numRuns: 1000 }))
})

test('the standard alphabet and that for addresses are told apart', (t) => {
  const searched = { name: 'bytes', bytes: Buffer.from('fbefbefbefbe', 'hex') }
  t.is(found('++++++++', searched), 1)
  t.is(found('--------', searched), 1)
})

test('every appearance counts, on every tape, overlapping ones too', (t) => {
  const tape = Buffer.from('4242424242')
  t.is(hits([tape, tape], [{ name: 'x', bytes: Buffer.from('424242') }]), 6)
  const card = { name: 'card number', bytes: Buffer.from('4000000000000002') }
  t.is(hits([Buffer.from('4000000000000002')], [card, NAME]), 1)
})

test('forms that are alike are searched for once: digits are the same when URL-encoded', (t) => {
  const forms = formsOf(Buffer.from('4242424242424242')).map((form) => form.toString('latin1'))
  t.is(new Set(forms).size, forms.length)
  t.is(forms.filter((form) => form === '4242424242424242').length, 1)
})

test('keys are no text: they have no URL-encoding and no UTF-16', (t) => {
  const key = Buffer.from('ff'.repeat(32), 'hex')
  const forms = formsOf(key).map((form) => form.toString('latin1'))
  t.false(forms.some((form) => form.includes('%')))
  t.true(forms.every((form) => form.length <= 64))
})

test('what is so short that chance would find it is not searched for', (t) => {
  t.deepEqual(formsOf(Buffer.from('737')), [])
  t.is(found('737', { name: 'code', bytes: Buffer.from('737') }), 0)
  for (const form of formsOf(Buffer.from('abcd'))) t.true(form.length >= 4)
})

test('random bytes hold none of it', (t) => {
  const seed = 2026
  t.log(`seed ${seed}`)
  const next = seeded(seed)
  const tape = Buffer.from(Array.from({ length: 200_000 }, () => next(256)))
  const texts = ['4242424242424242', 'Käthe Beispiel', 'Lange Straße 1000', '01067-X', 'alice@example.org']
  t.is(
    hits(
      [tape],
      texts.map((text) => ({ name: text, bytes: Buffer.from(text) })),
    ),
    0,
  )
})
