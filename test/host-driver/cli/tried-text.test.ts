import test from 'ava'
import { sayTried } from '../../../host-driver/cli/tried-text.ts'

const COST = { calls: 1, ms: 1_234, bytesUp: 134, bytesDown: 102, messagesUp: 0, messagesDown: 0 }

test('one bearer: what it cost', (t) => {
  t.is(sayTried([{ ...COST, bearer: 'call' }]), 'Line: call, 1.2 s, 134 + 102 B.')
})

test('the last one did it; the others are named with their reasons', (t) => {
  const failed = { ...COST, ms: 20_000, bytesUp: 0, bytesDown: 0, code: 'LINE_NO_ANSWER' }
  t.is(
    sayTried([
      { ...failed, bearer: 'packet' },
      { ...failed, bearer: 'call' },
      { ...COST, bearer: 'sms', messagesUp: 1, messagesDown: 1 },
    ]),
    'Line: sms, 1.2 s, 1 + 1 messages. Tried before: packet (LINE_NO_ANSWER, 20.0 s), call (LINE_NO_ANSWER, 20.0 s).',
  )
})

test('a report without bearers', (t) => {
  t.is(sayTried([]), 'The card did not say by which line.')
})
