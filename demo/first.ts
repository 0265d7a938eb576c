import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { type Progress, type Session, Terminal } from '../host-driver/index.ts'
import { keyPair } from '../keys/x25519.ts'
import { decodeTicket } from '../wire/line/ticket.ts'
import type { Report } from './report.ts'
import type { Show } from './show.ts'
import { hits, recordings, type Searched, serverHello } from './tap.ts'
import { CARD_ID, World } from './world.ts'

const CONTENT = fileURLToPath(new URL('./content', import.meta.url))
const RATE = 9600
/** One way, milliseconds: a data call over GSM with its radio link protocol takes most of a second there and back. */
const LATENCY_MS = 400
const USER = 'alice@example.org'
const PASSWORD = 'correct-horse'

/** Plays the first embodiment in a world of its own (S1–S18). @throws whatever keeps it from its end */
export async function playFirst(show: Show): Promise<Report> {
  const told = new Told(show)
  told.scene('The world: an exchange, modems, the Internet, a server and a card, each a process of its own')
  const world = await World.start({
    rate: RATE,
    latencyMs: LATENCY_MS,
    content: CONTENT,
    onEvent: (from, { event, step, path }) => {
      if (from === 'server' && typeof step === 'string') told.step(step, String(path ?? 'here'), `server: ${event}`)
    },
  })
  try {
    return await play(world, told)
  } finally {
    await world.close()
  }
}

/** Both ends tell of some steps: each is shown once a scene, by whoever sees it first. */
class Told {
  readonly steps: string[] = []
  readonly #show: Show
  #scene = new Set<string>()

  constructor(show: Show) {
    this.#show = show
  }

  scene(title: string): void {
    this.#scene = new Set()
    this.#show.scene(title)
  }

  step(name: string, path: string, text: string): void {
    if (!this.steps.includes(name)) this.steps.push(name)
    if (this.#scene.has(name)) return
    this.#scene.add(name)
    this.#show.step(name, path, text)
  }

  line(text: string): void {
    this.#show.line(text)
  }
}

async function play(world: World, show: Told): Promise<Report> {
  await world.addUser(USER, PASSWORD)
  const ticket = await world.ticket()
  await Promise.all([world.startServer(), world.startCard()])
  const searched: Searched[] = [
    { name: 'user ID', bytes: Buffer.from(USER) },
    { name: 'password', bytes: Buffer.from(PASSWORD) },
    { name: 'ticket secret', bytes: decodeTicket(ticket).secret },
  ]
  const terminal = await Terminal.open({
    card: world.cardPort,
    onProgress: (event: Progress) => {
      if (event.type === 'step') show.step(event.step, event.path, event.text)
    },
    newKeyPair: () => {
      const pair = keyPair()
      searched.push({ name: 'PSkey', bytes: Uint8Array.from(pair.secretKey) })
      return pair
    },
  })
  try {
    show.scene(`Enrolment of ${CARD_ID}: once, with the operator's ticket, in one call`)
    await terminal.enrol(ticket)

    show.scene('A wrong password: the server says no, and everything ends there')
    const refused = await terminal.login({ userId: USER, password: 'wrong-horse' })
    if (refused.verdict !== 'refused') throw new Error('expected a wrong password to be refused')

    show.scene('The login: one message each way over the line')
    const login = await terminal.login({ userId: USER, password: PASSWORD })
    if (login.verdict !== 'permitted') throw new Error(`expected to be permitted, got ${login.reason}`)
    const { session } = login
    searched.push(...storedSecrets(world))

    show.scene('Content over the Internet, encrypted with a key that never travelled')
    const startedAt = performance.now()
    const downloads = await downloadAll(session, join(world.folder, 'received'), show)
    const seconds = (performance.now() - startedAt) / 1000
    await session.close()
    const keysLeft = storedSessions(world)
    show.scene('Who recorded both wires')
    const line = await recordings(world.taps, 'call-')
    const internet = await recordings(world.taps, 'relay-')
    const hello = internet.map(serverHello).find((found) => found !== undefined)
    const { bytesUp, bytesDown, messagesUp, messagesDown, exchangeMs, setupMs } = session.call
    const secretsFound = { line: hits(line, searched), internet: hits(internet, searched) }
    return {
      ok: keysLeft === 0 && secretsFound.line + secretsFound.internet === 0,
      steps: show.steps,
      line: {
        bytesUp,
        bytesDown,
        messagesUp,
        messagesDown,
        seconds: exchangeMs / 1000,
        setupSeconds: setupMs / 1000,
        bitsPerSecond: RATE,
        roundTripSeconds: (2 * LATENCY_MS) / 1000,
        // A tenth above what the round trip and the bits alone need.
        allowedSeconds: Math.round(1.1 * (2 * LATENCY_MS + ((bytesUp + bytesDown) * 10_000) / RATE)) / 1000,
      },
      internet: {
        bytes: internet.reduce((sum, tape) => sum + tape.length, 0),
        cipher: hello?.cipher ?? 'unknown',
        group: hello?.group ?? 'unknown',
        seconds: Math.round(seconds * 1000) / 1000,
      },
      downloads,
      keysLeft,
      secretsFound,
    }
  } finally {
    await terminal.close()
  }
}

async function downloadAll(session: Session, folder: string, show: Told): Promise<Report['downloads']> {
  await mkdir(folder)
  const done: { name: string; bytes: number; sha256: string }[] = []
  for (const { name, title, kind } of await session.menu()) {
    await session.download(name, { to: join(folder, name) })
    const bytes = await readFile(join(folder, name))
    const original = await readFile(join(CONTENT, name))
    if (!bytes.equals(original)) throw new Error(`${name} is not what the server holds`)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    done.push({ name, bytes: bytes.length, sha256 })
    show.line(
      `${name.padEnd(22)} ${kind.padEnd(8)} ${String(bytes.length).padStart(8)} B  ${sha256.slice(0, 16)}…  ${title}`,
    )
  }
  return done
}

/** The server's secrets while the session lives: what a recording must not hold. */
function storedSecrets(world: World): Searched[] {
  return withStore(world, (store) => {
    const column = (sql: string): Uint8Array[] =>
      store
        .prepare(sql)
        .all()
        .flatMap(({ it }) => (it instanceof Uint8Array ? [it] : []))
    return [
      ...column('SELECT psk AS it FROM sessions').map((bytes) => ({ name: 'PSK', bytes })),
      ...column('SELECT secret_key AS it FROM identity').map((bytes) => ({ name: 'server key', bytes })),
      ...column('SELECT current_ratchet AS it FROM cards').map((bytes) => ({ name: 'ratchet', bytes })),
      ...column('SELECT previous_ratchet AS it FROM cards').map((bytes) => ({ name: 'ratchet before', bytes })),
    ]
  })
}

function storedSessions(world: World): number {
  return withStore(world, (store) => Number(store.prepare('SELECT count(*) AS n FROM sessions').get()?.n))
}

function withStore<T>(world: World, read: (store: DatabaseSync) => T): T {
  const store = new DatabaseSync(join(world.serverData, 'server.db'), { readOnly: true })
  try {
    return read(store)
  } finally {
    store.close()
  }
}
