import { randomBytes } from 'node:crypto'
import type { ExecutionContext } from 'ava'
import type { Disk } from '../../firmware/card/disk.ts'
import { LineJobs } from '../../firmware/card/jobs.ts'
import { ModemLine } from '../../firmware/card/modem-line.ts'
import { Vault } from '../../firmware/card/vault.ts'
import { openModemBank } from '../../server/line-port/modem-bank.ts'
import { openSmsPort } from '../../server/line-port/sms-port.ts'
import { Exchange } from '../../sim/exchange.ts'
import { NetworkTime } from '../../sim/network-time.ts'
import { SmsCentre } from '../../sim/sms-centre.ts'
import { encodeTicket } from '../../wire/line/ticket.ts'
import { FakeClock } from '../fake-clock.ts'
import { issueTicket } from '../server/test-card.ts'
import { NUMBER, PASSWORD, START, startNode, USER } from '../server/world.ts'
import { SoakModem } from './soak-modem.ts'

const CARD = '+819012345678'
const SMS = '+81312345679'

/** Without a history, which would grow. */
function plainDisk(): Disk {
  const files = new Map<string, Uint8Array>()
  return {
    list: () => [...files.keys()],
    read: (name) => files.get(name),
    write: (name, bytes) => void files.set(name, Uint8Array.from(bytes)),
    sync: () => {},
    rename: (from, to) => {
      const bytes = files.get(from)
      if (bytes === undefined) throw new Error(`no file ${from}`)
      files.delete(from)
      files.set(to, bytes)
    },
    remove: (name) => void files.delete(name),
    syncFolder: () => {},
    hold: (name) => {
      const bytes = files.get(name)
      return bytes && { overwrite: () => void bytes.fill(0), close: () => {} }
    },
  }
}

/** The whole line in one process: card with its modem, network, and a server with a modem for calls and one for messages. */
export async function soakWorld(t: ExecutionContext, seed: number) {
  const clock = new FakeClock()
  const unixMs = (): number => START + Math.floor(clock.now())
  const hooks = { event: () => {}, tap: () => {} }
  const time = new NetworkTime(clock, START, 36)
  const centre = new SmsCentre(clock, time, seed, hooks)
  const exchange = new Exchange(clock, { seed, ringAfterMs: 300, ringForMs: 20_000 }, hooks)
  const add = (number: string) => new SoakModem(number, exchange, clock, { sms: centre, time })
  const card = add(CARD)
  const calls = add(NUMBER)
  const messages = add(SMS)
  const node = await startNode(t, ':memory:', { clock: { now: unixMs }, numbers: [NUMBER, SMS] })
  await node.accounts.add(USER, PASSWORD)

  const counts = new Map<string, number>()
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1)
  const conversations = { open: 0 }
  const open = (caller: string | undefined) => {
    const answered = node.line.answer(caller)
    conversations.open++
    return {
      handle: (message: Uint8Array) => answered.handle(message),
      close: () => {
        conversations.open--
        answered.close()
      },
    }
  }
  const log = (event: Record<string, unknown>): void => {
    if (event.event === 'modem.recovering') count(`server ${String(event.rung)}`)
  }
  const bank = openModemBank({ paths: [calls.path], clock, log, open, openPort: () => calls.openPort() })
  const smsPort = openSmsPort({ paths: [messages.path], clock, log, open, openPort: () => messages.openPort() })
  const line = new ModemLine({
    path: card.path,
    clock,
    openPort: () => card.openPort(),
    powerKey: { press: () => card.pressKey() },
    log: (it) => {
      if (it.event === 'modem.recovering') count(`card ${it.rung}`)
    },
  })
  const jobs = new LineJobs({
    vault: Vault.open(plainDisk()),
    line,
    clock,
    nowSeconds: () => Math.floor(unixMs() / 1000),
    policy: [
      { bearer: 'call', budgetMs: 90_000 },
      { bearer: 'sms', budgetMs: 90_000 },
    ],
    events: { line: () => {}, ended: () => {} },
  })

  /** Lets time pass until it is over. @throws Error when it does not end in `mostMs` */
  const during = async <T>(job: Promise<T>, mostMs = 600_000): Promise<T> => {
    let over = false
    const watched = job.finally(() => {
      over = true
    })
    watched.catch(() => {})
    for (let ms = 0; !over; ms += 250) {
      if (ms > mostMs) throw new Error(`expected an end within ${mostMs} ms`)
      await clock.advance(250)
    }
    return watched
  }

  await during(Promise.all([bank, smsPort, line.probe()]))
  const { cardId, secret, serverPublic } = await issueTicket(node, 'card-1', START + 3_600_000, [NUMBER, SMS])
  const ticket = encodeTicket({
    cardId,
    line: [
      { bearer: 'call', address: NUMBER },
      { bearer: 'sms', address: SMS },
    ],
    internet: 'server.example:443',
    serverPublic,
    secret: secret.reveal(),
    expiresAtSeconds: START / 1000 + 3600,
  })
  const enrolled = await during(jobs.enrol({ ticket }))
  if (!enrolled.ok) throw new Error(enrolled.problem.what)

  const terminalKeys = [randomBytes(32).toString('base64url')]
  return {
    clock,
    centre,
    exchange,
    modems: [card, calls, messages],
    node,
    jobs,
    counts,
    conversations,
    during,
    login: () => jobs.login({ userId: USER, password: PASSWORD, terminalKeys }),
    close: async () => {
      await during(Promise.all([jobs.close(), (await bank).close(), (await smsPort).close()]))
      await during(line.close())
    },
  }
}
