import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { PROBLEMS } from '../../../server/internet-port/answers.ts'
import { seeded } from '../../random.ts'
import { portWorld, until } from './port-world.ts'

const SEED = 3_141_592
const CONNECTIONS = 12
const REQUESTS = 8

test(`seed ${SEED}: many connections, many ranges, every byte right`, async (t) => {
  const it = await portWorld(t)
  const below = seeded(SEED)
  const files = [1, 70_000, 524_288, 2_000_003].map((size, n) => {
    const bytes = Buffer.from(Uint8Array.from({ length: size }, () => below(256)))
    writeFileSync(join(it.content, `file-${n}`), bytes)
    return { name: `file-${n}`, bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
  })
  const plans = Array.from({ length: CONNECTIONS }, () =>
    Array.from({ length: REQUESTS }, () => {
      const file = files[below(files.length)] ?? files[0]
      const first = below(file?.bytes.length ?? 1)
      const last = first + below((file?.bytes.length ?? 1) - first)
      return { file, first, last, whole: below(3) === 0 }
    }),
  )
  const keys = await it.keys({ keys: 1 })
  const opener = await it.terminal(keys[0])
  await opener.login()
  await Promise.all(
    plans.map(async (plan) => {
      const one = await it.terminal(keys[0])
      for (const { file, first, last, whole } of plan) {
        if (file === undefined) continue
        const headers: Record<string, string> = whole ? {} : { range: `bytes=${first}-${last}` }
        const { status, body, headers: got } = await one.ask('GET', `/content/${file.name}`, { headers })
        const wanted = whole ? file.bytes : file.bytes.subarray(first, last + 1)
        t.is(status, whole ? 200 : 206)
        t.is(got.etag, `"${file.sha256}"`)
        t.true(body.equals(wanted), `${file.name} ${first}-${last}`)
      }
    }),
  )
  // The last event comes when its answer has left, which the terminal may see first.
  await until(() => it.events.filter(({ event }) => event === 'content.sent').length === CONNECTIONS * REQUESTS)
})

test('several sessions of one user are each their own', async (t) => {
  const it = await portWorld(t)
  const [one, two] = [await it.opened(), await it.opened()]
  t.is((await one.ask('DELETE', '/session')).status, 204)
  await one.ended()
  t.is((await two.ask('GET', '/menu')).status, 200)
})

test('a fault inside is told as INTERNAL, without its details, and in the events', async (t) => {
  const it = await portWorld(t)
  const one = await it.opened()
  const broken = await it.opened()
  const { store } = it
  const { spareKeys } = store
  Object.assign(store, { spareKeys: () => Promise.reject(new Error('/secret/path is gone')) })
  const { status, body } = await broken.ask('GET', '/session')
  Object.assign(store, { spareKeys })
  t.is(status, 500)
  t.like(JSON.parse(body.toString()), { code: 'INTERNAL' })
  t.false(body.includes('secret'))
  await broken.ended()
  t.like(it.events.at(-1), { event: 'internet.fault', path: 'internet', code: 'UNEXPECTED' })
  t.is((await one.ask('GET', '/session')).status, 200)
})

test('every problem has a status of its class, what happened and what to do', (t) => {
  for (const [code, { status, what, cure }] of Object.entries(PROBLEMS)) {
    t.regex(code, /^[A-Z][A-Z_]+$/)
    t.true((status >= 400 && status < 600) || code === 'PAYMENT_PENDING', code)
    for (const text of [what, cure]) t.true(text.length > 10 && !text.endsWith('.'), code)
  }
})
