import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import {
  assertEnrolled,
  type EnrolledAddress,
  enrolledAddresses,
  ticketAddresses,
} from '../../../firmware/card/phone-book.ts'
import { decodeTicket } from '../../../wire/line/ticket.ts'
import { codeOf, enrolledCard } from './card.ts'
import { enrolled, NUMBER } from './fixture.ts'
import { ServerDouble } from './server-double.ts'

const refused = { code: 'NUMBER_NOT_ENROLLED' } as const

test('numbers come from the enrolment, in the order of the bearers', (t) => {
  const card = {
    ...enrolled(),
    line: [
      { bearer: 'sms', address: '1' },
      { bearer: 'call', address: '2' },
      { bearer: 'packet', address: 'apn.example:7' },
      { bearer: 'call', address: '3' },
    ] as const,
  }
  const addresses = (bearers: Parameters<typeof enrolledAddresses>[1]): string[] =>
    enrolledAddresses(card, bearers).map(({ address }) => address)
  t.deepEqual(addresses(['call']), ['2', '3'])
  t.deepEqual(addresses(['packet', 'call']), ['apn.example:7', '2', '3'])
  t.deepEqual(addresses([]), [])
})

test('what was made here may be dialled; nothing that looks like it', (t) => {
  const [real] = enrolledAddresses(enrolled(), ['call'])
  if (real === undefined) return t.fail()
  t.notThrows(() => assertEnrolled(real))
  t.throws(() => assertEnrolled({ ...real }), refused)
  t.throws(() => assertEnrolled({ bearer: 'call', address: NUMBER } as EnrolledAddress), refused) // forged on purpose
  t.throws(() => assertEnrolled(structuredClone(real)), refused)
  t.throws(() => Object.assign(real, { address: '0900666' }), { instanceOf: TypeError })
  t.is(real.address, NUMBER)
  return undefined
})

test('the type does not let a plain address through', (t) => {
  // @ts-expect-error a line address is not an enrolled one
  t.throws(() => assertEnrolled({ bearer: 'call', address: NUMBER }), refused)
})

for (const address of ['', '+', '1;2', '12\r', 'ATH', '+1234567890123456', '１２', '12 ', '12\nATD0900']) {
  test(`a vault that says ${JSON.stringify(address)} dials nothing`, (t) => {
    t.throws(() => enrolledAddresses({ ...enrolled(), line: [{ bearer: 'call', address }] }, ['call']), refused)
  })
}

for (const address of ['', 'iot/10.0.0.1', 'iot"/10.0.0.1:1', 'iot/10.0.0.1:1;+CFUN=0', 'u:p\r@iot/h:1', '+8131']) {
  test(`a vault that says ${JSON.stringify(address)} connects nothing`, (t) => {
    t.throws(() => enrolledAddresses({ ...enrolled(), line: [{ bearer: 'packet', address }] }, ['packet']), refused)
  })
}

test('a forged number in the vault ends the job before the modem hears of it', async (t) => {
  const card = await enrolledCard()
  const { record } = card.vault
  if (record.enrolled === undefined) return t.fail()
  card.vault.save({ ...record, enrolled: { ...record.enrolled, line: [{ bearer: 'call', address: '1;+CFUN=0' }] } })
  t.is(codeOf(await card.login()), 'NUMBER_NOT_ENROLLED')
  t.is(card.line.calls.length, 0)
  return undefined
})

test('a ticket’s numbers are enrolled ones, too', (t) => {
  const ticket = decodeTicket(new ServerDouble().ticket('x'))
  const [address] = ticketAddresses(ticket, ['call'])
  t.is(address?.address, NUMBER)
  t.notThrows(() => assertEnrolled(address as EnrolledAddress)) // compared with the number just before
})

test('no other file of the card gives the brand, or builds a dial command', (t) => {
  const root = fileURLToPath(new URL('../../../firmware', import.meta.url))
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  t.true(files.length > 10)
  for (const name of files) {
    const text = readFileSync(`${root}/${name}`, 'utf8')
    if (!name.endsWith('phone-book.ts')) t.false(/as (unknown as )?EnrolledAddress/.test(text), name)
    t.false(/['"`]ATD/.test(text), name)
  }
})
