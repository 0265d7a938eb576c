import test from 'ava'
import { SmsUnit } from '../../../line/bearers/sms-unit.ts'
import { FakeClock } from '../../fake-clock.ts'
import { FakePort } from '../fake-port.ts'
import { during } from './sms-world.ts'
import { TestModem } from './test-modem.ts'

const OK = '\r\nOK\r\n'
const DELIVERED = '00'
const TRYING = '30'

/** A status report of this reference as it comes by itself. */
function report(reference: number, status = DELIVERED): string {
  const mr = reference.toString(16).padStart(2, '0').toUpperCase()
  const tpdu = `06${mr}0B911346610089F66280410123456362804101334563${status}`
  return `\r\n+CDS: ${tpdu.length / 2}\r\n00${tpdu}\r\n`
}

/** A modem that offers these memories and answers a message so. */
function rig(memories: string, sent: () => string = () => OK) {
  const port = new FakePort()
  const clock = new FakeClock()
  port.onWrite = (text) => {
    if (text.endsWith('\x1a')) port.say(sent())
    else if (text.startsWith('AT+CMGS=')) port.say('\r\n> ')
    else if (text === 'AT+CPMS=?\r') port.say(`\r\n+CPMS: ${memories}\r\n${OK}`)
    else port.say(OK)
  }
  const unit = new SmsUnit(new TestModem(port, clock, 'generic'), clock, () => {})
  const outcomes: string[] = []
  const send = () => {
    const onReport = ({ outcome }: { readonly outcome: string }) => outcomes.push(outcome)
    return during(
      clock,
      unit.send({ to: '+1234', source: 16_500, destination: 16_000, data: Uint8Array.of(1), onReport }),
    )
  }
  return { port, clock, unit, outcomes, send }
}

const SIM_CARD = '("SM"),("SM"),("SM")'

test('a report in the same read as the answer is not lost', async (t) => {
  const { outcomes, send } = rig(SIM_CARD, () => `\r\n+CMGS: 7\r\n${OK}${report(7)}`)
  await send()
  t.deepEqual(outcomes, ['delivered'])
})

test('one that says the centre goes on trying is followed by another, and then by none', async (t) => {
  const { port, outcomes, send } = rig(SIM_CARD, () => `\r\n+CMGS: 7\r\n${OK}${report(7, TRYING)}`)
  await send()
  port.say(report(7))
  port.say(report(7))
  t.deepEqual(outcomes, ['trying', 'delivered'])
})

test('a report of another message, or of one that was refused, is told nobody', async (t) => {
  let answer = `${report(7)}\r\n+CMS ERROR: 38\r\n`
  const { outcomes, send } = rig(SIM_CARD, () => answer)
  t.false((await send()).ok)
  answer = `\r\n+CMGS: 7\r\n${OK}${report(9)}`
  await send()
  t.deepEqual(outcomes, [])
})

test('a centre that sends no reports: they are asked for all the same, and the newest is matched', async (t) => {
  let reference = 0
  const { port, outcomes, send } = rig(SIM_CARD, () => `\r\n+CMGS: ${reference}\r\n${OK}`)
  for (; reference < 100; reference++) await send()
  port.say(report(99))
  port.say(report(0))
  t.deepEqual(outcomes, ['delivered'])
})

for (const [offered, chosen] of [
  ['("SM","ME"),("SM","ME"),("SM","ME")', 'SM'],
  ['("ME","SM"),("ME","SM"),("ME")', 'ME'],
  ['("MT","SR"),("MT"),("MT")', 'MT'],
  ['("SM"),("ME"),("ME")', undefined],
  ['"SM"', undefined],
] as const) {
  test(`of the memories ${offered}: ${chosen ?? 'left as they are'}`, async (t) => {
    const { port, clock, unit } = rig(offered)
    await during(clock, unit.ready())
    const set = port.written.filter((text) => text.startsWith('AT+CPMS="'))
    t.deepEqual(set, chosen === undefined ? [] : [`AT+CPMS="${chosen}","${chosen}","${chosen}"\r`])
  })
}
