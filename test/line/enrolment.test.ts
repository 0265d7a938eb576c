import test from 'ava'
import { NoiseError } from '../../keys/noise.ts'
import { Secret } from '../../keys/secret.ts'
import { keyPair } from '../../keys/x25519.ts'
import { CardEnrolment, ServerEnrolment } from '../../line/enrolment.ts'

const NUMBER = '+81300000000'

function setUp() {
  const server = keyPair()
  const secret = new Secret(new Uint8Array(32).fill(9))
  const own = keyPair()
  const options = { cardId: 'card-1', calledAddress: NUMBER, serverPublic: server.publicKey, ticketSecret: secret, own }
  return { server, secret, own, options }
}

test('one message each way, then both hold R₀ and the other’s key', (t) => {
  const { server, secret, own, options } = setUp()
  const card = new CardEnrolment(options)
  const far = new ServerEnrolment(server, NUMBER, card.request)
  t.is(far.cardId, 'card-1')
  t.deepEqual(far.cardPublic, own.publicKey)
  const { response, ratchet } = far.respond(secret, { verdict: 'enrolled' })
  const near = card.finish(response)
  t.is(near.verdict.verdict, 'enrolled')
  t.true(near.ratchet.equals(ratchet))
})

test('a refusal says its reason, and only who holds the ticket can say it', (t) => {
  const { server, secret, options } = setUp()
  const card = new CardEnrolment(options)
  const far = new ServerEnrolment(server, NUMBER, card.request)
  const { response } = far.respond(secret, { verdict: 'refused', reason: 'TICKET_USED' })
  t.deepEqual(card.finish(response).verdict, { verdict: 'refused', reason: 'TICKET_USED' })
  const forged = far.respond(new Secret(new Uint8Array(32)), { verdict: 'enrolled' }).response
  t.throws(() => new CardEnrolment(options, card.pending).finish(forged), { instanceOf: NoiseError })
})

test('after a loss of power the same bytes go out again and the first answer is still good', (t) => {
  const { server, secret, options } = setUp()
  const before = new CardEnrolment(options)
  const { response, ratchet } = new ServerEnrolment(server, NUMBER, before.request).respond(secret, {
    verdict: 'enrolled',
  })
  const after = new CardEnrolment(options, before.pending)
  t.deepEqual(after.request, before.request)
  t.true(after.finish(response).ratchet.equals(ratchet))
})

test('another server, another number or other bytes get no answer', (t) => {
  const { server, options } = setUp()
  const { request } = new CardEnrolment(options)
  t.throws(() => new ServerEnrolment(keyPair(), NUMBER, request), { instanceOf: NoiseError })
  t.throws(() => new ServerEnrolment(server, '+81300000001', request), { instanceOf: NoiseError })
  for (let n = 0; n < request.length; n++) {
    t.throws(() => new ServerEnrolment(server, NUMBER, request.subarray(0, n)), { instanceOf: Error })
    const touched = Uint8Array.from(request)
    touched[n]! ^= 1
    t.throws(() => new ServerEnrolment(server, NUMBER, touched), { instanceOf: NoiseError })
  }
})

test('who holds another secret does not hold the ticket, though his request can be read', (t) => {
  const { server, secret, options } = setUp()
  const far = new ServerEnrolment(server, NUMBER, new CardEnrolment(options).request)
  t.true(far.holds(secret))
  t.false(far.holds(new Secret(new Uint8Array(32).fill(8))))
  const stranger = new CardEnrolment({ ...options, own: keyPair(), ticketSecret: new Secret(new Uint8Array(32)) })
  const read = new ServerEnrolment(server, NUMBER, stranger.request)
  t.is(read.cardId, 'card-1')
  t.false(read.holds(secret))
})
