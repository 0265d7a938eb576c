import test from 'ava'
import type { AllReport, PurchaseReport } from '../../demo/report.ts'
import { tell, tellJson } from '../../demo/show.ts'
import { Told } from '../../demo/told.ts'

function played() {
  let text = ''
  const lines: unknown[] = []
  const human = tell((piece) => {
    text += piece
  })
  const json = tellJson((piece) => void lines.push(JSON.parse(piece)))
  return { human, json, text: () => text, lines }
}

const PURCHASE: PurchaseReport = {
  ok: true,
  embodiment: 3,
  steps: ['S56'],
  line: {
    bearer: 'call',
    bytesUp: 300,
    bytesDown: 200,
    messagesUp: 2,
    messagesDown: 2,
    seconds: 2.9,
    exchangeSeconds: 1.2,
    setupSeconds: 0.3,
    bitsPerSecond: 9600,
    roundTripSeconds: 0.8,
  },
  internet: { bytes: 1000 },
  paid: { order: 'K-000001', amount: 4990, currency: 'EUR' },
  charges: 1,
  orderState: 'paid',
  stock: { product: 'L-100', before: 2, after: 1 },
  receiptEqual: true,
  refusals: ['TAG_USED'],
  secretsFound: { line: 0, internet: 0 },
}

test('a step that both ends tell is shown once a scene', (t) => {
  const { human, text } = played()
  const told = new Told(human)
  told.play(2)
  told.scene('one')
  told.progress({ type: 'step', step: 'S30', path: 'line', text: 'the tag goes' })
  told.server({ event: 'tag.checked', step: 'S30', path: 'line' })
  told.scene('two')
  told.server({ event: 'tag.checked', step: 'S30', path: 'line' })
  t.is(text().match(/S30/g)?.length, 2)
  t.deepEqual(told.steps, ['S30'])
})

test('each play tells its own steps: what others do meanwhile is none of it', (t) => {
  const { json, lines } = played()
  const told = new Told(json)
  const step = (name: string): void => told.server({ event: 'x', step: name })
  told.play(1)
  for (const name of ['S1', "S17'", 'S18', 'S21', 'S41']) step(name)
  t.deepEqual(told.steps, ['S1', "S17'", 'S18'])
  told.play(3)
  for (const name of ['S1', 'S22', 'S36', 'S56', 'S70', 'S71', 'strange']) step(name)
  t.deepEqual(told.steps, ['S1', 'S56', 'S70'])
  told.play(2)
  t.deepEqual(told.steps, [])
  t.is(lines.length, 5, 'a step of an earlier scene is not shown twice')
})

test('steps of a scene aside are shown, and come in their place later', (t) => {
  const { json, lines } = played()
  const told = new Told(json)
  told.play(2)
  told.scene('refused', 'aside')
  for (const step of ['S29', 'S34', 'S36'] as const) told.progress({ type: 'step', step, path: 'line', text: '' })
  told.scene('paid')
  for (const step of ['S29', 'S34', 'S35', 'S36'] as const)
    told.progress({ type: 'step', step, path: 'line', text: '' })
  t.deepEqual(told.steps, ['S29', 'S34', 'S35', 'S36'])
  t.is(lines.length, 9)
})

test('events that are no steps are not told', (t) => {
  const { json, lines } = played()
  const told = new Told(json)
  told.progress({ type: 'line', state: 'dialling' })
  told.progress({ type: 'download', name: 'a', received: 1, total: 2 })
  told.server({ event: 'ready' })
  t.deepEqual(lines, [])
})

test('a purchase in words', (t) => {
  const { human, text } = played()
  human.report(PURCHASE)
  t.regex(text(), /paid {6}EUR 49\.90, K-000001 is paid, charged 1 time\n/)
  t.regex(text(), /L-100: 2 before, 1 after\n/)
  t.regex(text(), /the same bytes on both paths/)
  human.report({ ...PURCHASE, receiptEqual: false, charges: 2 })
  t.regex(text(), /charged 2 times[\s\S]*NOT THE SAME on both paths/)
})

test('the last line in JSON is the report, and reports before it are not lines of their own', (t) => {
  const { json, lines } = played()
  json.report(PURCHASE)
  json.end(PURCHASE)
  t.deepEqual(lines, [PURCHASE])
})

test('the last words say whether all of it held', (t) => {
  const { human, text } = played()
  human.end({ ok: true } as AllReport) // nothing else is looked at
  human.end({ ok: false } as AllReport)
  t.regex(text(), /All of it held\.[\s\S]*SOMETHING DID NOT HOLD\./)
})
