import test from 'ava'
import { Secret } from '../../keys/secret.ts'
import { keyPair } from '../../keys/x25519.ts'
import { CardExchange, ServerExchange } from '../../line/exchange.ts'
import { SECRET_ROUTES, SMS_PAYLOAD_MAX } from '../../wire/limits.ts'
import { CONSENT_BUTTON } from '../../wire/line/consent.ts'
import { encodeLink, fitsWhole } from '../../wire/line/link.ts'
import { encodeLoginRequest, encodeLoginResponse, type LoginResponse, REFUSALS } from '../../wire/line/login.ts'
import { encodeMessage } from '../../wire/line/message.ts'

/** User ID and password together, UTF-8 bytes, that one short message is promised for. */
const CREDENTIALS = 28
/** The longest that may be said in both. */
const LIFETIME_MAX = 30 * 86_400
const RETRY_MAX = 86_400

function ends() {
  const card = keyPair()
  const server = keyPair()
  const ratchet = () => new Secret(new Uint8Array(32).fill(5))
  const calledAddress = '+81312345678'
  return {
    card: { own: card, peer: server.publicKey, ratchet: ratchet(), calledAddress },
    server: { own: server, peer: card.publicKey, ratchet: ratchet(), calledAddress },
    key: keyPair().publicKey,
  }
}

/** Bytes of the packets of one exchange, with their link headers. */
function packets(userId: string, password: string, answer: (key: Uint8Array) => LoginResponse): [number, number] {
  const { card, server, key } = ends()
  const start = CardExchange.start(
    card,
    encodeLoginRequest({ userId, password, terminalKeys: [key], consent: CONSENT_BUTTON }),
  )
  const request = encodeMessage('exchange', start.request)
  const { response } = new ServerExchange(server, start.request).respond(encodeLoginResponse(answer(key)))
  const whole = (of: 'request' | 'response', body: Uint8Array) =>
    encodeLink({ type: 'data', of, id: 255, serial: 0, index: 0, last: 0, body }).length
  return [whole('request', request), whole('response', response)]
}

const permitted = (key: Uint8Array): LoginResponse => ({
  verdict: 'permitted',
  serverKeys: [key],
  lifetimeSeconds: LIFETIME_MAX,
  secretRoutes: SECRET_ROUTES,
})

test('a login with one key is one short message each way, however 28 bytes are shared by user ID and password', (t) => {
  let longest = 0
  for (let user = 1; user < CREDENTIALS; user++) {
    const [up, down] = packets('u'.repeat(user), 'p'.repeat(CREDENTIALS - user), permitted)
    longest = Math.max(longest, up)
    t.true(up <= SMS_PAYLOAD_MAX && down <= SMS_PAYLOAD_MAX, `${user} + ${CREDENTIALS - user}: ${up} up, ${down} down`)
  }
  // 2 of the link, 1 of its kind, 8 hint, 32 ephemeral key, 16 tag; 2 array and purpose, 3 + 28 credentials, 2 + 32 key,
  // 1 how consent was given.
  t.is(longest, 127)
  t.log(`${longest} of ${SMS_PAYLOAD_MAX} bytes`)
})

test('bytes are counted and not characters', (t) => {
  const [up] = packets('山田太郎', 'ひみつの合', permitted)
  t.true(up <= SMS_PAYLOAD_MAX, `${up}`)
})

test('a refusal is one short message too, whatever its reason', (t) => {
  for (const reason of Object.values(REFUSALS)) {
    const refused = (): LoginResponse => ({ verdict: 'refused', reason, retryAfterSeconds: RETRY_MAX })
    const [, down] = packets('alice', 'secret', refused)
    t.true(down <= SMS_PAYLOAD_MAX, `${reason}: ${down}`)
  }
})

test('longer credentials still go, in more than one message', (t) => {
  const [up] = packets('u'.repeat(64), 'p'.repeat(128), permitted)
  t.false(fitsWhole(up - 2, SMS_PAYLOAD_MAX))
})
