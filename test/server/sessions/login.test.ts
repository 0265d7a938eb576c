import test from 'ava'
import { Secret } from '../../../keys/secret.ts'
import { sessionKey } from '../../../keys/session-keys.ts'
import { keyPair } from '../../../keys/x25519.ts'
import type { AccountVerdict } from '../../../server/accounts/accounts.ts'
import type { ServerEvent } from '../../../server/events.ts'
import type { LineServiceOptions } from '../../../server/sessions/line-options.ts'
import { checkLogin } from '../../../server/sessions/login.ts'
import { makeSessionKeys } from '../../../server/sessions/session-keys.ts'
import { CONSENT_BUTTON, CONSENT_EARLIER, type Consent } from '../../../wire/line/consent.ts'
import { encodeLoginRequest } from '../../../wire/line/login.ts'
import { hex, PASSWORD, USER, world } from '../world.ts'

const HASH = new Uint8Array(32).fill(9)

/** All that checkLogin uses, with this verdict of the accounts. */
async function setUp(t: Parameters<typeof world>[0], verdict: AccountVerdict) {
  const { store } = await world(t)
  const events: ServerEvent[] = []
  const asked: string[] = []
  const options: LineServiceOptions = {
    store,
    own: await store.identity(),
    accounts: {
      check: async (userId, password) => {
        asked.push(`${userId} ${password}`)
        return verdict
      },
    },
    numbers: [],
    node: 'main',
    lifetimeSeconds: 60,
    keysLifetimeSeconds: 600,
    secretRoutes: ['/pay'],
    now: () => 0,
    log: (event) => events.push(event),
    onSessionsEnded: () => {},
  }
  return { options, events, asked }
}

const request = (terminalKeys: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(encodeLoginRequest({ userId: USER, password: PASSWORD, terminalKeys }))

test('S3–S9: one new pair for each key, of which only the PSK is left', async (t) => {
  const { options, asked } = await setUp(t, { permitted: true, userId: USER })
  const pairs = [keyPair(), keyPair()]
  const payload = request(pairs.map(({ publicKey }) => publicKey))
  const decision = await checkLogin(options, 'card-1', payload)
  t.deepEqual(asked, [`${USER} ${PASSWORD}`])
  t.true(payload.every((byte) => byte === 0)) // the password is nowhere else
  const { response, serverSecrets } = decision
  if (response.verdict !== 'permitted') return t.fail()
  t.like(response, { lifetimeSeconds: 60, secretRoutes: ['/pay'] })
  t.is(new Set([...response.serverKeys, ...serverSecrets.map((it) => it.reveal())].map(hex)).size, 4)
  const keys = makeSessionKeys(decision, HASH)
  t.true(serverSecrets.every(({ wiped }) => wiped))
  for (const [index, { publicKey, secretKey }] of pairs.entries()) {
    const serverPublic = response.serverKeys[index] ?? new Uint8Array(0)
    const far = sessionKey('terminal', new Secret(secretKey), { terminalPublic: publicKey, serverPublic }, HASH)
    t.is(keys[index]?.id, far.id)
    t.is(hex(keys[index]?.psk.reveal()), hex(far.psk.reveal()))
    t.is(keys[index]?.index, index)
  }
})

test('two logins with the same keys of the terminal get different keys of the server', async (t) => {
  const { options } = await setUp(t, { permitted: true, userId: USER })
  const { publicKey } = keyPair()
  const ids = new Set<string | undefined>()
  for (let n = 0; n < 3; n++) {
    ids.add(makeSessionKeys(await checkLogin(options, 'card-1', request([publicKey])), HASH)[0]?.id)
  }
  t.is(ids.size, 3)
})

test('S4: each refusal of the accounts is told with its reason and its time', async (t) => {
  for (const reason of ['LOGIN_REFUSED', 'ACCOUNT_LOCKED', 'SERVER_BUSY'] as const) {
    const { options, events } = await setUp(t, { permitted: false, reason, retryAfterSeconds: 30 })
    const decision = await checkLogin(options, 'card-1', request([keyPair().publicKey]))
    t.deepEqual(decision, { response: { verdict: 'refused', reason, retryAfterSeconds: 30 }, serverSecrets: [] })
    t.deepEqual(makeSessionKeys(decision, HASH), [])
    t.deepEqual(
      events.map(({ step, card, reason: told }) => [step, card, told]),
      [
        ['S3', 'card-1', undefined],
        ['S4', 'card-1', reason],
      ],
    )
  }
})

test('what is no login, and keys that make no secret, are refused without a look at any password', async (t) => {
  const { options, asked, events } = await setUp(t, { permitted: true, userId: USER })
  const good = keyPair().publicKey
  // Points of low order (RFC 7748 §6.1): zero, one, and the two of order 8.
  const lowOrder = [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  ].map((text) => Buffer.from(text, 'hex'))
  const payloads = lowOrder.map((key) => request([good, key]))
  for (const payload of [...payloads, new Uint8Array(0), Uint8Array.of(0x80), request([good]).subarray(0, -1)]) {
    const { response, login } = await checkLogin(options, 'card-1', Uint8Array.from(payload))
    t.deepEqual(response, { verdict: 'refused', reason: 'LOGIN_REFUSED', retryAfterSeconds: 0 })
    t.is(login, undefined)
  }
  t.deepEqual(asked, [])
  t.true(events.every(({ step }) => step === 'S4'))
})

test('a button that is required: nothing else is looked at without it, and any press of the session does', async (t) => {
  const { options, events, asked } = await setUp(t, { permitted: true, userId: USER })
  const requireConsent = new Set(['login'] as const)
  const { publicKey } = keyPair()
  const sealed = (consent?: Consent): Uint8Array => {
    const login = { userId: USER, password: PASSWORD, terminalKeys: [publicKey] }
    return Uint8Array.from(encodeLoginRequest({ ...login, ...(consent !== undefined && { consent }) }))
  }
  const refused = await checkLogin({ ...options, requireConsent }, 'card-1', sealed())
  t.like(refused.response, { verdict: 'refused', reason: 'CONSENT_REQUIRED' })
  t.deepEqual([refused.serverSecrets, asked], [[], []])
  t.like(events.at(-1), { event: 'login.refused', reason: 'CONSENT_REQUIRED' })
  for (const consent of [CONSENT_EARLIER, CONSENT_BUTTON] as const) {
    const decision = await checkLogin({ ...options, requireConsent }, 'card-1', sealed(consent))
    t.is(decision.response.verdict, 'permitted')
  }
  // Of payments it says nothing about logins.
  const payOnly = { ...options, requireConsent: new Set(['pay'] as const) }
  t.is((await checkLogin(payOnly, 'card-1', sealed())).response.verdict, 'permitted')
})
