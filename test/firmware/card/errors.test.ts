import { inspect } from 'node:util'
import test from 'ava'
import { CARD_ERRORS, CardError, problem, problemOf } from '../../../firmware/card/errors.ts'
import { encodeRpc, rpcFailure } from '../../../wire/usb/json-rpc.ts'

test('a problem is its code, what happened with its detail, and what to do', (t) => {
  t.deepEqual(problem('LINE_BUSY'), { code: 'LINE_BUSY', ...CARD_ERRORS.LINE_BUSY })
  t.is(problem('LINE_BUSY', '/dev/ttyUSB2: busy').what, "the server's number is busy: /dev/ttyUSB2: busy")
  const error = new CardError('LINE_LOST', 'detail')
  t.is(error.message, 'LINE_LOST: the call broke off: detail; check the reception and try again')
  t.is(error.code, 'LINE_LOST')
})

test('a detail without end does not make a message without end', (t) => {
  const it = problem('MODEM_FAULT', 'x'.repeat(100_000))
  t.true(it.what.length <= 400)
  t.notThrows(() => encodeRpc({ type: 'error', id: 1, error: rpcFailure('failed', it.code, it.what, it.cure) }))
})

test('only the card’s own errors are shown; of all others nothing', (t) => {
  t.is(problemOf(new CardError('VAULT_DAMAGED')).code, 'VAULT_DAMAGED')
  for (const fault of [
    new TypeError('pw-secret'),
    'pw-secret',
    { code: 'LINE_BUSY', what: 'pw-secret' },
    undefined,
    null,
  ]) {
    const it = problemOf(fault)
    t.is(it.code, 'CARD_FAULT')
    t.notRegex(inspect(it), /pw-secret/)
  }
})

test('each code fits what both ends know as a code', (t) => {
  for (const code of Object.keys(CARD_ERRORS) as (keyof typeof CARD_ERRORS)[]) {
    const { what, cure } = problem(code)
    t.notThrows(() => encodeRpc({ type: 'error', id: 1, error: rpcFailure('failed', code, what, cure) }))
    t.regex(code, /^[A-Z][A-Z0-9_]{1,63}$/)
  }
})
