import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Session } from '../host-driver/index.ts'
import { limitMs, NETWORKS, roundTripMs } from './network.ts'
import type { Report } from './report.ts'
import { storedSecrets, storedSessions } from './server-store.ts'
import { CONTENT, PASSWORD, type Stage, USER } from './stage.ts'
import { hits, recordings, serverHello } from './tap.ts'
import type { Told } from './told.ts'

/** Plays the first embodiment (S1–S18). @throws whatever keeps it from its end */
export async function playFirst({ world, bearer, terminal, show, searched }: Stage): Promise<Report> {
  show.scene('A wrong password: the server says no, and everything ends there')
  const refused = await terminal.login({ userId: USER, password: 'wrong-horse' })
  if (refused.verdict !== 'refused') throw new Error('expected a wrong password to be refused')

  show.scene(`The login: one message each way over the line, by ${bearer}`)
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
  const line = await recordings(world.taps, NETWORKS[bearer].tape)
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
      bearer,
      bitsPerSecond: NETWORKS[bearer].rate,
      roundTripSeconds: roundTripMs(bearer) / 1000,
      limitSeconds: Math.round(limitMs(bearer, session.call)) / 1000,
      // A tenth above what the round trip and the bits alone need.
      allowedSeconds: Math.round(1.1 * limitMs(bearer, session.call)) / 1000,
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
