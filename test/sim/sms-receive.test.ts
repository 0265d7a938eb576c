import test from 'ava'
import { B, mobile, submitTo } from './mobile.ts'

const TPDU = submitTo(B, 'ABCD')
const ARRIVED = '0791180900000010440891180911110004621020214050630906' + '05043E803E80ABCD'

async function sent(setup: string, count = 1, tpdu = TPDU) {
  const world = mobile()
  for (const line of setup.split('|')) world.b.ask(line)
  for (let n = 0; n < count; n++) {
    await world.send(tpdu)
    await world.clock.advance(300)
  }
  return world
}

test('+CNMI mt 0: stored, and nothing is said', async (t) => {
  const { b } = await sent('AT+CNMI=2,0')
  t.is(b.read(), '')
  t.is(b.ask('AT+CPMS?'), '\r\n+CPMS: "SM",1,30,"SM",1,30,"SM",1,30\r\n\r\nOK\r\n')
})

test('mt 1: +CMTI with memory and index; in the modem if +CPMS says so', async (t) => {
  t.is((await sent('AT+CNMI=2,1', 2)).b.read(), '\r\n+CMTI: "SM",1\r\n\r\n+CMTI: "SM",2\r\n')
  const { b } = await sent('AT+CPMS="SM","SM","ME"|AT+CNMI=2,1')
  t.is(b.read(), '\r\n+CMTI: "ME",1\r\n')
  t.is(b.ask('AT+CMGR=1'), '\r\nOK\r\n')
  b.ask('AT+CPMS="ME"')
  t.regex(b.ask('AT+CMGR=1'), /\+CMGR: 0,,26/)
})

test('mt 2: +CMT with the message itself, and nothing stored', async (t) => {
  const { b } = await sent('AT+CNMI=2,2')
  t.is(b.read(), `\r\n+CMT: ,26\r\n${ARRIVED}\r\n`)
  t.is(b.ask('AT+CMGL=4'), '\r\nOK\r\n')
})

test('mt 3: only class 3 comes directly', async (t) => {
  t.is((await sent('AT+CNMI=2,3')).b.read(), '\r\n+CMTI: "SM",1\r\n')
  const third = TPDU.replace(/0004(?=09)/, '00F7')
  t.regex((await sent('AT+CNMI=2,3', 1, third)).b.read(), /^\r\n\+CMT: ,26\r\n/)
})

test('class 0 comes directly and is not kept; class 2 belongs on the SIM; type 0 is swallowed', async (t) => {
  const zero = await sent('AT+CNMI=2,1', 1, TPDU.replace(/0004(?=09)/, '00F4'))
  t.regex(zero.b.read(), /^\r\n\+CMT: ,26\r\n/)
  const second = await sent('AT+CPMS="ME","ME","ME"|AT+CNMI=2,2', 1, TPDU.replace(/0004(?=09)/, '00F6'))
  t.is(second.b.read(), '\r\n+CMTI: "SM",1\r\n')
  const silent = await sent('AT+CNMI=2,2', 1, TPDU.replace(/0004(?=09)/, '4004'))
  t.is(silent.b.read(), '')
  t.deepEqual(silent.states(), ['1 accepted', '1 delivered'])
})

test('mode 0 keeps the last 20 indications until they are wanted, or throws them away', async (t) => {
  const { b } = await sent('AT+CNMI=0,1', 25)
  t.is(b.read(), '')
  b.type('AT+CNMI=2,1,0,0,0\r')
  const lines = b
    .read()
    .split('\r\n')
    .filter((line) => line.startsWith('+CMTI'))
  t.is(lines.length, 20)
  t.is(lines[0], '+CMTI: "SM",6')
  const cleared = await sent('AT+CNMI=0,1', 3)
  t.is(cleared.b.ask('AT+CNMI=2,1,0,0,1'), '\r\nOK\r\n')
})

test('nothing comes into a line that is being typed, into a message or into data', async (t) => {
  const world = mobile()
  const { a, b, clock, send } = world
  b.ask('AT+CNMI=2,1')
  b.type('AT+CS')
  await send(TPDU)
  await clock.advance(300)
  t.is(b.read(), '')
  b.type('Q\r')
  t.is(b.read(), '\r\n+CSQ: 20,99\r\n\r\nOK\r\n\r\n+CMTI: "SM",1\r\n')
  b.type('AT+CMGS=10\r')
  await send(TPDU)
  await clock.advance(300)
  t.is(b.read(), '\r\n> ')
  b.type('\x1b')
  t.is(b.read(), '\r\nOK\r\n\r\n+CMTI: "SM",2\r\n')
  await send(TPDU)
  a.type(`ATD${B}\r`)
  await clock.advance(300)
  b.type('ATA\r')
  b.read()
  await clock.advance(10_000)
  t.is(b.read(), '')
  b.type('+++')
  await clock.advance(1000)
  t.is(b.read(), '\r\nOK\r\n')
})

test('an indication comes between a command and its result too', async (t) => {
  const { b, clock, centre } = mobile()
  b.ask('AT+CNMI=2,1')
  const tpdu = submitTo(B, '01')
  b.type(`AT+CMGS=${tpdu.length / 2}\r00${tpdu}\x1a`)
  await clock.advance(100)
  centre.inject('+1', B, Buffer.from('04049118130000621020214050630', 'hex'))
  await clock.advance(600)
  t.is(b.read(), '\r\n> \r\n+CMGS: 0\r\n\r\nOK\r\n\r\n+CMTI: "SM",1\r\n\r\n+CMTI: "SM",2\r\n')
})

test('a message that cannot be read is stored and shown as it came', async (t) => {
  const { b, clock, centre } = mobile()
  centre.inject('+1', B, Buffer.from('04FFFFFF', 'hex'))
  await clock.advance(300)
  t.is(b.ask('AT+CMGR=1'), '\r\n+CMGR: 0,,4\r\n079118090000001004FFFFFF\r\n\r\nOK\r\n')
  t.is(b.ask('AT+CMGF=1;+CMGR=1'), '\r\n+CMGR: "REC READ",\r\n04FFFFFF\r\n\r\nOK\r\n')
})

test('+CSMS=1: each direct one waits for +CNMA, and the next one for that', async (t) => {
  const { b, clock, states, send } = mobile()
  b.ask('AT+CSMS=1;+CNMI=2,2')
  await send(TPDU)
  await send(TPDU)
  await clock.advance(1000)
  t.is(b.read(), `\r\n+CMT: ,26\r\n${ARRIVED}\r\n`)
  t.deepEqual(states(), ['1 accepted', '2 accepted'])
  b.type('AT+CNMA\r')
  t.regex(b.read(), /\r\n\+CMT: ,26\r\n/)
  t.is(b.ask('AT+CNMA=1'), '\r\nOK\r\n')
  t.is(b.ask('AT+CNMA=0'), '\r\n+CMS ERROR: 340\r\n')
  t.deepEqual(states().slice(2), ['1 delivered', '2 delivered'])
})

test('without +CNMA in 15 s routing ends, and the network tries again: then it is stored', async (t) => {
  const { b, clock, states, send } = mobile()
  b.ask('AT+CSMS=1;+CNMI=2,2,0,1,0')
  await send(TPDU)
  await clock.advance(300)
  b.read()
  await clock.advance(14_999)
  t.is(b.ask('AT+CNMI?'), '\r\n+CNMI: 2,2,0,1,0\r\n\r\nOK\r\n')
  await clock.advance(1)
  t.is(b.ask('AT+CNMI?'), '\r\n+CNMI: 2,0,0,0,0\r\n\r\nOK\r\n')
  t.deepEqual(states(), ['1 accepted', '1 waiting not-acknowledged'])
  await clock.advance(5000)
  t.deepEqual(states().slice(2), ['1 delivered'])
  t.regex(b.ask('AT+CMGL=4'), /\+CMGL: 1,0,,26/)
})

test('+CNMA=2 asks the network to try again', async (t) => {
  const { b, clock, states, send } = mobile()
  b.ask('AT+CSMS=1;+CNMI=2,2')
  await send(TPDU)
  await clock.advance(300)
  b.read()
  b.type('AT+CNMA=2,2\r')
  t.is(b.read(), '\r\n> ')
  b.type('0100\x1a')
  t.is(b.read(), '\r\nOK\r\n')
  await clock.advance(5000)
  t.regex(b.read(), /\+CMT: ,26/)
  b.ask('AT+CNMA')
  t.deepEqual(states(), ['1 accepted', '1 waiting not-acknowledged', '1 delivered'])
})

test('reports: ds 0 none, 1 +CDS, 2 stored with +CDSI', async (t) => {
  for (const [ds, shown] of [
    [0, /^$/],
    [1, /^\r\n\+CDS: 23\r\n0791180900000010060008911809222262102021405063[0-9A-F]{14}00\r\n$/],
    [2, /^\r\n\+CDSI: "SM",1\r\n$/],
  ] as const) {
    const { a, clock, send } = mobile()
    a.ask(`AT+CNMI=2,1,0,${ds}`)
    await send(submitTo(B, '01', '61'))
    a.read()
    await clock.advance(1000)
    t.regex(a.read(), shown, `ds ${ds}`)
    if (ds === 2) t.regex(a.ask('AT+CMGR=1'), /\+CMGR: 0,,23\r\n079118090000001006/)
  }
})

test('memory full: it waits in the network, and comes when there is room', async (t) => {
  const { b, clock, states, send } = mobile({ b: { sim: { messages: 2 } } })
  b.ask('AT+CNMI=2,1;+CMER=3,0,0,1')
  for (let n = 0; n < 4; n++) await send(TPDU)
  await clock.advance(1000)
  t.is(b.read(), '\r\n+CMTI: "SM",1\r\n\r\n+CMTI: "SM",2\r\n\r\n+CIEV: 7,1\r\n')
  t.deepEqual(
    states().filter((state) => state.includes('waiting')),
    ['3 waiting memory-full', '4 waiting memory-full'],
  )
  t.is(b.ask('AT+CMGW=5'), '\r\n> ')
  b.type('000100008100\x1b')
  b.read()
  b.type('AT+CMGD=1\r')
  await clock.advance(0)
  t.is(b.read(), '\r\nOK\r\n\r\n+CMTI: "SM",1\r\n')
  b.type('AT+CMGD=1,4\r')
  t.is(b.read().match(/\+CMTI/g)?.length, 1)
  t.is(states().filter((state) => state.endsWith('delivered')).length, 4)
})
