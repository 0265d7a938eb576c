import test from 'ava'
import { parsePinRetries } from '../../../line/modem/pin-state.ts'
import { detectProfile, type ModemIdentity, PROFILES, profileNamed } from '../../../line/modem/profiles/detect.ts'
import type { AtLine, ModemProfile, PacketTarget } from '../../../line/modem/profiles/profile.ts'
import { AT_LINE_MAX } from '../../../wire/limits.ts'

const target: PacketTarget = {
  apn: 'keyline.private',
  user: undefined,
  password: undefined,
  host: '10.0.0.1',
  port: 7000,
}

function identity(model: string, about: string[] = [], manufacturer = ''): ModemIdentity {
  const lines = (text: string): string[] => (text === '' ? [] : [text])
  return { manufacturer: lines(manufacturer), model: lines(model), about }
}

function linesOf(profile: ModemProfile, to: PacketTarget = target): AtLine[] {
  const { packet, call, powerDown } = profile
  return [
    ...profile.init,
    ...profile.pinRetries,
    ...profile.iccid,
    ...(call?.before ?? []),
    ...(powerDown ? [powerDown] : []),
    ...(packet ? [...packet.enter(to), packet.open(to), packet.close, ...packet.leave] : []),
    ...(packet?.cause ? [packet.cause] : []),
  ]
}

const texts = (lines: readonly AtLine[]): string[] => lines.map(({ text }) => text)

test('models are recognised by what they say', (t) => {
  const models: readonly (readonly [said: ModemIdentity, id: string])[] = [
    [identity('SIMCOM_SIM7600E-H', [], 'SIMCOM INCORPORATED'), 'sim7600'],
    [identity(' SIM7500A'), 'sim7600'],
    [identity('+CGMM: "SIM7600G-H"'), 'sim7600'],
    [identity('A7670E-FASE'), 'a7670'],
    [identity('A7672S-LASE'), 'a7670'],
    [identity('SIM7070G'), 'sim7070'],
    [identity('SIM7080'), 'sim7070'],
    [identity('SIMCOM_SIM800L'), 'sim800'],
    [identity('SIM900'), 'sim800'],
    [identity('EC25'), 'ec25'],
    [identity('eg25-g'), 'ec25'],
    [identity('BG96'), 'bg96'],
    [identity('BG95-M3'), 'bg96'],
    [identity('9522B', [], 'Iridium'), 'iridium'],
    [identity('', ['Quectel', 'EC25', 'Revision: EC25EFAR06A06M4G']), 'ec25'],
    [identity('', ['Manufacturer: SIMCOM INCORPORATED', 'Model: SIMCOM_SIM7600E-H']), 'sim7600'],
    [identity('', ['56000']), 'pstn'],
    [identity('', ['U.S. Robotics 56K FAX']), 'pstn'],
    [identity('', ['CX93001-EIS_V0.2013-V92']), 'pstn'],
    [identity('', [], 'Iridium'), 'iridium'],
  ]
  for (const [said, id] of models) t.is(detectProfile(said).id, id, JSON.stringify(said))
})

test('what nobody knows is a modem by the standards', (t) => {
  for (const model of ['', 'SIM-1', 'SIM7000G', 'EC200U', 'MC35', 'x'.repeat(10_000), '<b>', '\u0000']) {
    t.is(detectProfile(identity(model)).id, 'generic', model.slice(0, 20))
  }
  t.is(detectProfile({ manufacturer: [], model: [], about: [] }).id, 'generic')
})

test('each by its name, and each name once', (t) => {
  t.is(new Set(PROFILES.map(({ id }) => id)).size, 9)
  for (const profile of PROFILES) t.is(profileNamed(profile.id), profile)
  t.is(profileNamed('toString'), undefined)
})

test('every line of every profile can be sent: one command, in its bounds, with time to answer', (t) => {
  for (const profile of PROFILES) {
    for (const line of linesOf(profile, { ...target, user: 'user', password: 'p:w!' })) {
      t.regex(line.text, /^AT[\x20-\x7e]+$/, profile.id)
      t.true(line.text.length < AT_LINE_MAX)
      t.true(line.timeoutMs >= 1000 && line.timeoutMs <= 180_000, line.text)
    }
    t.true(profile.bootMs >= 1000 && profile.bootMs <= 60_000)
    t.true(profile.escape.guardMs >= 1000 && profile.escape.withinMs <= profile.escape.guardMs)
    if (profile.call === undefined || profile.packet === undefined) t.regex(profile.missing ?? '', /.{20}/, profile.id)
    else t.is(profile.missing, undefined)
  }
})

test('nothing is stored in a modem, no PIN is entered, no call hung up by a profile', (t) => {
  for (const profile of PROFILES) {
    for (const text of texts(linesOf(profile))) t.notRegex(text, /&W|\+CPIN=|\+CLCK|\+CPWD|ATH|\+CHUP|ATD/, text)
  }
})

test('attempts at the PIN can be asked of every modem with a card', (t) => {
  const answers = {
    '+SPIC': '+SPIC: 3,10,3,10',
    '+CPINR': '+CPINR: SIM PIN,3,3',
    '+CSIM': '+CSIM: 4,"63C3"',
    '+QPINC': '+QPINC: "SC",3,10',
  }
  for (const profile of PROFILES.filter(({ cellular }) => cellular)) {
    t.true(profile.pinRetries.length >= 2)
    for (const { prefixes = [], optional } of profile.pinRetries) {
      const answer = Object.entries(answers).find(([prefix]) => prefix === prefixes[0])?.[1] ?? ''
      t.is(parsePinRetries(answer)?.pin, 3, prefixes[0])
      t.true(optional)
    }
  }
})

test('SIMCom: transparent mode before the network is opened, then link 0', (t) => {
  const { packet } = profileNamed('sim7600') ?? {}
  t.deepEqual(texts(packet?.enter(target) ?? []), [
    'AT+CGDCONT=1,"IP","keyline.private"',
    'AT+NETCLOSE',
    'AT+CIPMODE=1',
    'AT+CIPTIMEOUT=120000,20000,120000',
    'AT+NETOPEN',
  ])
  t.deepEqual(
    packet?.enter(target).map(({ outcome }) => outcome),
    [undefined, '+NETCLOSE', undefined, undefined, '+NETOPEN'],
  )
  t.is(packet?.open(target).text, 'AT+CIPOPEN=0,"TCP","10.0.0.1",7000')
  t.is(packet?.connect, 'final')
  t.is(packet?.closedWord, 'CLOSED')
  const withUser = texts(packet?.enter({ ...target, user: 'me', password: 'secret' }) ?? [])
  t.is(withUser[1], 'AT+CGAUTH=1,1,"secret","me"')
})

test('Quectel: context, activation, then access mode 2', (t) => {
  for (const id of ['ec25', 'bg96']) {
    const { packet } = profileNamed(id) ?? {}
    t.deepEqual(texts(packet?.enter(target) ?? []), [
      'AT+QICSGP=1,1,"keyline.private","","",0',
      'AT+QIDEACT=1',
      'AT+QIACT=1',
    ])
    t.is(packet?.open(target).text, 'AT+QIOPEN=1,0,"TCP","10.0.0.1",7000,0,2')
    t.is(packet?.closedWord, 'NO CARRIER')
    t.regex(texts(packet?.enter({ ...target, user: 'me' }) ?? [])[0] ?? '', /,"me","",1$/)
  }
})

test('SIM800: OK comes before CONNECT, and an address without OK gets one', (t) => {
  const { packet } = profileNamed('sim800') ?? {}
  t.is(packet?.connect, 'after-ok')
  t.is(packet?.open(target).text, 'AT+CIPSTART="TCP","10.0.0.1",7000')
  const lines = texts(packet?.enter({ ...target, user: 'me', password: 'x' }) ?? [])
  t.true(lines.includes('AT+CSTT="keyline.private","me","x"'))
  t.is(lines.at(-1), 'AT+CIFSR;E0')
})

test('Iridium dials by its own bearer and shows bars; the fixed network has no card', (t) => {
  const iridium = profileNamed('iridium')
  t.is(iridium?.call?.before[0]?.text, 'AT+CBST=71,0,1')
  t.is(iridium?.signal, 'bars')
  t.true((iridium?.call?.connectMs ?? 0) > (profileNamed('generic')?.call?.connectMs ?? 0))
  const pstn = profileNamed('pstn')
  t.like(pstn, { cellular: false, sms: false, packet: undefined })
  t.deepEqual(pstn?.pinRetries, [])
  t.is(pstn?.call?.dial, 'ATDT')
})

test('nothing from an enrolment can end a command or begin another one', (t) => {
  const hostile = ['"', 'a"b', 'a\r', 'a\nAT', 'a;+CPIN', '\u001a', '\u001b', 'ä', '\\22', 'x'.repeat(65), '`']
  for (const { id, packet } of PROFILES) {
    if (packet === undefined) continue
    for (const text of hostile) {
      for (const field of ['apn', 'user', 'password', 'host'] as const) {
        const bad = { ...target, user: 'user', password: 'x', [field]: text }
        const error = t.throws(
          () => [...packet.enter(bad), packet.open(bad)],
          { instanceOf: RangeError },
          `${id} ${field} ${text}`,
        )
        t.true(text.length < 3 || !error.message.includes(text))
      }
    }
    for (const port of [0, -1, 65_536, 1.5, Number.NaN]) {
      t.throws(() => packet.open({ ...target, port }), { instanceOf: RangeError })
    }
    t.throws(() => packet.open({ ...target, host: '' }), { instanceOf: RangeError })
    t.true(texts(packet.enter({ ...target, apn: '' })).some((text) => text.includes('""')))
  }
})
