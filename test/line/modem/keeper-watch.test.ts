import test from 'ava'
import { ModemKeeper } from '../../../line/modem/keeper.ts'
import { FakeClock } from '../../fake-clock.ts'
import { type Answers, ended, lines, passing, SpokenModem, until } from './spoken.ts'

const CARD = '8981100022149010155'
const WELL: Answers = {
  'AT+CPIN?': lines('+CPIN: READY'),
  'AT+CCID': lines(`+CCID: ${CARD}`),
  'AT+CREG?': lines('+CREG: 0,1'),
}

/** A keeper and what stands behind its port; each opening is a new one with the same answers. */
class Watched {
  readonly clock = new FakeClock()
  readonly answers: Answers = { ...WELL }
  readonly modems: SpokenModem[] = []
  readonly log: string[] = []
  lost = 0
  ups = 0
  readonly keeper = new ModemKeeper({
    path: '/dev/fake',
    clock: this.clock,
    openPort: async () => {
      const modem = new SpokenModem(this.answers, this.clock)
      modem.before = (command) => this.before(command)
      modem.raw = (text) => this.raw(text)
      this.modems.push(modem)
      return modem.port
    },
    log: (it) => this.log.push(it.event === 'modem.recovering' ? it.rung : it.event),
    onUp: () => this.ups++,
    onLost: () => this.lost++,
  })
  before: (command: string) => boolean = () => false
  raw: (text: string) => void = () => {}

  get port() {
    const port = this.modems.at(-1)?.port
    if (port === undefined) throw new Error('there is no port')
    return port
  }

  count(command: string): number {
    return this.modems.reduce((sum, modem) => sum + modem.count(command), 0)
  }

  async start(): Promise<this> {
    await passing(this.clock, this.keeper.start())
    return this
  }
}

test('a card that is pulled out is told at once, and its modem is back when it is', async (t) => {
  const it = await new Watched().start()
  it.answers['AT+CPIN?'] = '\r\n+CME ERROR: 10\r\n'
  it.port.say('\r\n+CPIN: NOT INSERTED\r\n')
  t.true((await until(it.clock, () => it.lost === 1)) < 2000)
  await it.clock.advance(1000)
  t.regex(it.keeper.problem ?? '', /no SIM card; put one in/)
  const acquired = await passing(it.clock, it.keeper.acquire())
  t.is(acquired.ok ? '' : acquired.reason, 'sim-unusable')
  // Not every modem looks for a card again before it starts anew.
  await it.clock.advance(120_000)
  t.true(it.log.includes('modem-reset'))
  it.answers['AT+CPIN?'] = lines('+CPIN: READY')
  t.true((await until(it.clock, () => it.ups === 2)) <= 61_000 + 30_000)
  t.is(it.keeper.problem, undefined)
  t.is(await ended(it.clock, it.keeper), 0)
})

test('another card without a word of the modem: noticed by the next look, and brought up anew', async (t) => {
  const it = await new Watched().start()
  it.answers['AT+CCID'] = lines('+CCID: 8981100022149019999')
  t.true((await until(it.clock, () => it.ups === 2)) < 20_000)
  t.is(it.lost, 1)
  t.deepEqual(it.log, ['modem.usable', 'modem.lost', 'modem.usable'])
  t.is(await ended(it.clock, it.keeper), 0)
})

test('a card that asks for a PIN nobody has: no reset helps, and none is tried', async (t) => {
  const it = new Watched()
  it.answers['AT+CPIN?'] = lines('+CPIN: SIM PIN')
  await it.start()
  await it.clock.advance(600_000)
  t.is(it.count('AT+CFUN=1,1'), 0)
  t.regex(it.keeper.problem ?? '', /asks for a PIN/)
  t.is(await ended(it.clock, it.keeper), 0)
})

test('a reset while nobody uses it: brought up again without being asked, on the same port', async (t) => {
  const it = await new Watched().start()
  it.port.say('\r\nRDY\r\n\r\n+CPIN: READY\r\n')
  await it.clock.advance(3000)
  t.is(it.count('ATE0'), 2)
  t.deepEqual([it.modems.length, it.lost], [1, 0])
  t.is(await ended(it.clock, it.keeper), 0)
})

test('one that refuses what it must do after a reset is lost, and got back', async (t) => {
  const it = await new Watched().start()
  it.answers.ATE0 = '\r\nERROR\r\n'
  it.port.say('\r\nRDY\r\n')
  t.true((await until(it.clock, () => it.lost === 1)) < 5000)
  it.answers.ATE0 = lines()
  await until(it.clock, () => it.ups === 2)
  t.deepEqual(it.log.slice(0, 3), ['modem.usable', 'modem.lost', 'soft-reset'])
  t.is(await ended(it.clock, it.keeper), 0)
})

test('a network that is lost: the radio is restarted after two minutes, and the modem stays', async (t) => {
  const it = await new Watched().start()
  it.answers['AT+CREG?'] = lines('+CREG: 0,2')
  const waited = await until(it.clock, () => it.count('AT+CFUN=4') === 1)
  t.true(waited >= 120_000 && waited < 180_000, `${waited}`)
  await it.clock.advance(1000)
  t.is(it.count('AT+CFUN=1'), 1)
  it.answers['AT+CREG?'] = lines('+CREG: 0,1')
  await it.clock.advance(600_000)
  t.is(it.count('AT+CFUN=4'), 1)
  t.is(it.keeper.status?.registration, 'home')
  t.deepEqual([it.lost, it.ups], [0, 1])
  t.is(await ended(it.clock, it.keeper), 0)
})

test('a modem that somebody uses is not asked anything', async (t) => {
  const it = await new Watched().start()
  const acquired = await passing(it.clock, it.keeper.acquire())
  if (!acquired.ok) return t.fail(acquired.detail)
  acquired.modem.user = { deliver: () => {}, left: () => {} }
  const before = it.modems[0]?.commands.length
  it.port.say('\r\n+CPIN: NOT READY\r\n')
  await it.clock.advance(600_000)
  t.is(it.modems[0]?.commands.length, before)
  acquired.modem.user = undefined
  await it.clock.advance(20_000)
  t.true((it.modems[0]?.commands.length ?? 0) > (before ?? 0))
  t.is(await ended(it.clock, it.keeper), 0)
})

test('a storm of results does not keep the watchdog from its work', async (t) => {
  const it = await new Watched().start()
  const { port } = it
  const storm = (): void => {
    port.say('\r\n+CREG: 2\r\n\r\n+CPIN: READY\r\n')
    if (it.lost === 0) it.clock.after(50, storm)
  }
  storm()
  it.before = () => true
  t.true((await until(it.clock, () => it.lost === 1)) < 60_000)
  await passing(it.clock, it.keeper.close())
})

test('left in data mode by somebody who is gone, where no DTR tells it: back at commands, the call hung up', async (t) => {
  const it = new Watched()
  let data = true
  let last = Number.NEGATIVE_INFINITY
  const quietFor = (): number => it.clock.now() - last
  it.before = () => {
    last = it.clock.now()
    return data
  }
  // It hears three pluses between two silences of a second only.
  it.raw = (text) => {
    const mayBe = text === '+++' && quietFor() >= 1000
    last = it.clock.now()
    if (mayBe) it.clock.after(1000, () => (data = quietFor() < 1000))
  }
  await it.start()
  await until(it.clock, () => it.ups === 1)
  t.deepEqual(
    it.log.filter((line) => line !== 'modem.lost'),
    ['resync', 'modem.usable'],
  )
  t.is(it.count('ATH'), 1)
  t.is(await ended(it.clock, it.keeper), 0)
})

test('a port is opened by one at a time: the one before is closed first, however long that takes', async (t) => {
  const clock = new FakeClock()
  let open = 0
  let most = 0
  const modems: SpokenModem[] = []
  const keeper = new ModemKeeper({
    path: '/dev/fake',
    clock,
    openPort: async () => {
      most = Math.max(most, ++open)
      const modem = new SpokenModem({ ...WELL }, clock)
      modems.push(modem)
      const { port } = modem
      const close = port.close.bind(port)
      port.close = async () => {
        await close()
        await new Promise<void>((resolve) => void clock.after(3000, resolve))
        open--
      }
      return port
    },
    log: () => {},
  })
  await passing(clock, keeper.start())
  modems[0]?.port.vanish()
  await until(clock, () => modems.length === 2)
  t.is(most, 1)
  t.is(await ended(clock, keeper), 0)
})

test('closing ends also what is being tried', async (t) => {
  for (const at of ['AT', 'AT+CPIN?', 'AT+COPS?']) {
    const it = new Watched()
    it.before = (command) => command === at
    const starting = it.keeper.start()
    await it.clock.advance(200)
    const from = it.clock.now()
    await passing(it.clock, Promise.all([it.keeper.close(), starting]))
    t.true(it.clock.now() - from <= 2000, at)
    t.is(it.clock.waiting, 0)
  }
})
