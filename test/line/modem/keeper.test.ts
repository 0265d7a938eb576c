import test from 'ava'
import { ModemKeeper } from '../../../line/modem/keeper.ts'
import type { Modem } from '../../../line/modem/modem.ts'
import { FakeClock } from '../../fake-clock.ts'
import { FakePort } from '../fake-port.ts'

/** A modem with a power key, whose faults are the test's. */
class Board {
  readonly clock = new FakeClock()
  readonly log: string[] = []
  readonly ports: FakePort[] = []
  readonly ups: Modem[] = []
  /** `hung`: answers nothing, as without power; `stubborn`: refuses what is needed until it is reset. */
  state: 'well' | 'hung' | 'stubborn' | 'off' = 'well'
  unplugged = false
  presses = 0
  /** It is well again by itself when this is tried. */
  comesBackAt = 'never'
  lost = 0
  readonly keeper: ModemKeeper

  constructor(hasKey = true) {
    this.keeper = new ModemKeeper({
      path: '/dev/fake',
      clock: this.clock,
      openPort: async () => {
        if (this.unplugged) throw new Error('No such file')
        const port = new FakePort()
        port.onWrite = (text) => this.#write(port, text)
        this.ports.push(port)
        return port
      },
      powerKey: hasKey
        ? {
            press: async () => {
              this.presses++
              // It toggles: who presses it without looking first switches a modem off.
              this.state = this.state === 'hung' || this.state === 'off' ? 'well' : 'off'
            },
          }
        : undefined,
      log: (it) => {
        this.log.push(it.event === 'modem.recovering' ? it.rung : it.event)
        if (this.log.at(-1) === this.comesBackAt) this.state = 'well'
      },
      onUp: (modem) => this.ups.push(modem),
      onLost: () => {
        this.lost++
      },
    })
  }

  async start(): Promise<void> {
    await this.run(this.keeper.start())
  }

  async run<T>(promise: Promise<T>): Promise<T> {
    let done = false
    const watched = promise.finally(() => {
      done = true
    })
    for (let n = 0; !done && n < 10_000; n++) await this.clock.advance(100)
    return watched
  }

  #write(port: FakePort, text: string): void {
    if (this.state === 'hung' || this.state === 'off' || !text.endsWith('\r')) return
    const command = text.trim()
    if (command === 'AT+CFUN=1,1' && this.state === 'stubborn') this.state = 'well'
    port.say(this.state === 'stubborn' && command === 'ATE0' ? '\r\nERROR\r\n' : '\r\nOK\r\n')
  }
}

test('brought up, told once, and handed out', async (t) => {
  const it = new Board()
  await it.start()
  t.deepEqual(it.log, ['modem.usable'])
  const acquired = await it.keeper.acquire()
  t.true(acquired.ok && acquired.modem === it.ups[0])
  t.is(it.keeper.problem, undefined)
  await it.keeper.close()
  t.is(it.clock.waiting, 0)
})

test('a modem that hangs works again within a minute, by its power key, without a human', async (t) => {
  const it = new Board()
  await it.start()
  await it.clock.advance(20_000)
  it.state = 'hung'
  const hungAt = it.clock.now()
  while (it.ups.length < 2 && it.clock.now() - hungAt < 300_000) await it.clock.advance(100)
  t.is(it.ups.length, 2)
  t.true(it.clock.now() - hungAt <= 60_000, `${it.clock.now() - hungAt} ms`)
  t.is(it.presses, 1)
  t.is(it.lost, 1)
  t.deepEqual(
    it.log.filter((line) => line !== 'modem.lost'),
    ['modem.usable', 'resync', 'modem-reset', 'power-key', 'modem.usable'],
  )
  await it.keeper.close()
})

test('the key is not pressed when AT is answered right before: it would switch the modem off', async (t) => {
  const it = new Board()
  await it.start()
  it.state = 'hung'
  it.comesBackAt = 'power-key'
  while (it.ups.length < 2) await it.clock.advance(100)
  t.is(it.presses, 0)
  t.is(String(it.state), 'well')
  await it.keeper.close()
})

test('a modem that refuses what it must do is reset softly, its radio switched, then it itself', async (t) => {
  const it = new Board(false)
  it.state = 'stubborn'
  const first = await it.run(it.keeper.start())
  t.is(first.ok ? '' : first.reason, 'modem-fault')
  while (it.ups.length < 1) await it.clock.advance(100)
  t.deepEqual(
    it.log.filter((line) => line !== 'modem.lost'),
    ['radio', 'modem-reset', 'modem.usable'],
  )
  await it.keeper.close()
})

test('a pulled port is opened again when it is back, and who wants to call does not wait for a pause', async (t) => {
  const it = new Board(false)
  await it.start()
  it.unplugged = true
  it.ports[0]?.vanish()
  await it.clock.advance(60_000)
  t.is(it.lost, 1)
  t.regex(it.keeper.problem ?? '', /No such file/)
  const gone = await it.run(it.keeper.acquire())
  t.is(gone.ok ? '' : gone.reason, 'modem-absent')
  it.unplugged = false
  t.true((await it.run(it.keeper.acquire())).ok)
  t.is(it.ups.length, 2)
  await it.keeper.close()
})

test('a reset while it is up: brought up again before its next use, on the same port', async (t) => {
  const it = new Board()
  await it.start()
  const [port] = it.ports
  const before = port?.written.filter((text) => text === 'ATE0\r').length ?? 0
  port?.say('\r\nRDY\r\n')
  t.true((await it.run(it.keeper.acquire())).ok)
  t.is(port?.written.filter((text) => text === 'ATE0\r').length, before + 1)
  t.is(it.ports.length, 1)
  await it.keeper.close()
})

test('an hour without a modem: bounded attempts, and nothing runs after the end', async (t) => {
  const it = new Board()
  it.unplugged = true
  await it.start()
  for (let minute = 0; minute < 60; minute++) await it.clock.advance(60_000)
  const attempts = it.log.filter((line) => line === 'modem.lost').length
  t.true(attempts > 60 && attempts < 400, `${attempts}`)
  await it.keeper.close()
  t.is(it.clock.waiting, 0)
})
