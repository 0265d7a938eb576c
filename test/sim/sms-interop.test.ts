import test from 'ava'
import fc from 'fast-check'
import { decodePdu } from '../../line/modem/sms/pdu.ts'
import { encodeSubmit } from '../../line/modem/sms/submit.ts'
import { B, mobile } from './mobile.ts'

/** The two codecs share nothing but the standard: what one writes the other must read. */
const message = fc.record({
  data: fc.uint8Array({ minLength: 1, maxLength: 128 }),
  destination: fc.integer({ min: 16_000, max: 16_999 }),
  source: fc.integer({ min: 16_000, max: 16_999 }),
  reference: fc.nat(255),
  total: fc.integer({ min: 1, max: 9 }),
  statusReport: fc.boolean(),
  validityMinutes: fc.option(fc.integer({ min: 5, max: 60_000 }), { nil: undefined }),
})

test('what the line’s codec sends through this network, it reads at the other end', async (t) => {
  await fc.assert(
    fc.asyncProperty(message, async ({ data, destination, source, reference, total, ...others }) => {
      const { a, b, clock } = mobile()
      b.ask('AT+CNMI=2,2')
      a.ask('AT+CNMI=2,1,0,1')
      const concat = { ref: reference, bits: 8, total, part: total } as const
      const fields = { to: B, data, ports: { destination, source }, concat, ...others }
      const { pdu, tpduLength } = encodeSubmit(fields)
      a.type(`AT+CMGS=${tpduLength}\r${pdu}\x1a`)
      await clock.advance(300)
      t.is(a.read(), '\r\n> \r\n+CMGS: 0\r\n\r\nOK\r\n')
      await clock.advance(600)
      const [, head = '', hex = ''] = b.read().split('\r\n')
      const read = decodePdu(hex, 'received', Number(/\d+$/.exec(head)?.[0]))
      if (read.type !== 'deliver') return t.fail(`${read.type}: ${JSON.stringify(read)}`)
      t.is(Buffer.from(read.data).toString('hex'), Buffer.from(data).toString('hex'))
      t.deepEqual(read.ports, { destination, source })
      t.like(read.concat, concat)
      t.is(read.sender?.text, '+81901111')
      t.is(read.smsc?.text, '+819000000001')
      t.is(read.timestamp?.iso, '2026-01-02T12:04:05+09:00')
      t.is(read.reportRequested, others.statusReport)
      const report = /\+CDS: (\d+)\r\n([0-9A-F]+)/.exec(a.read())
      t.is(report !== null, others.statusReport)
      if (report === null) return
      const told = decodePdu(report[2] ?? '', 'received', Number(report[1]))
      if (told.type !== 'status-report') return t.fail(told.type)
      t.is(told.mr, 0)
      t.is(told.recipient?.text, B)
    }),
    { numRuns: 60 },
  )
})
