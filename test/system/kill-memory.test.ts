import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { folderDisk } from '../../firmware/card/disk.ts'
import { Vault } from '../../firmware/card/vault.ts'
import { CardClient } from '../../host-driver/card/card-client.ts'
import { CardFiles } from '../../host-driver/card/card-files.ts'
import { KeylineError } from '../../host-driver/errors.ts'
import { enrolled, record } from '../firmware/card/fixture.ts'
import { seeded } from '../random.ts'

const SEED = 20_000_560
const KILLS = 30
/** What is asked of the card takes about so long, milliseconds: kills fall into it, and some behind it. */
const SPAN_MS = 300
const PROGRAM = fileURLToPath(new URL('../../firmware/main.ts', import.meta.url))
const CARD_ID = record(enrolled('old')).enrolled?.cardId ?? ''
const PINS = ['2468', 'a longer one'] as const

interface Running {
  readonly client: CardClient
  /** Signal 9. */
  kill(): Promise<void>
}

/** The card's own program, on a real folder, without a modem. @returns when it is ready: under load that takes longer than a hello may */
async function start(folder: string): Promise<Running> {
  const own = ['--board-secret', join(folder, 'secret', 'board'), '--store', join(folder, 'store')]
  const args = ['--usb', 'stdio', '--modem', join(folder, 'no-modem'), ...own, '--json']
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM, ...args], {
    stdio: 'pipe',
  })
  const over = once(child, 'close')
  child.stdin.on('error', () => {}) // it is killed
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin })
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await over
  }
  let told = ''
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      told += `${line}\n`
      if (line.includes('"event":"ready"')) resolve()
    })
    over.then(() => reject(new Error(`the card ended: ${told}`)), reject)
  })
  await ready
  return { client: new CardClient({ stream, close: kill }), kill }
}

/** @returns the PIN that holds: which of both nobody knows after a kill. */
async function unlocked(client: CardClient, first: string): Promise<string> {
  const left = [first, ...PINS.filter((it) => it !== first)]
  // A counted try may have been cut: the card then waits some seconds, and says so.
  for (let asked = 0; asked < 2000; asked++) {
    const pin = left[0]
    if (pin === undefined) break
    try {
      await client.call('card.pin.unlock', { pin })
      return pin
    } catch (error) {
      if (!(error instanceof KeylineError)) throw error
      if (error.code === 'CARD_PIN_WRONG') left.shift()
      else if (error.code !== 'CARD_PIN_WAIT') throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  throw new Error('no PIN of both opens the card')
}

test(`the card is killed at ${KILLS} random moments of writing files and changing its PIN: enrolment, PIN and files stand (seed ${SEED})`, async (t) => {
  t.timeout(600_000)
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const folder = mkdtempSync(join(tmpdir(), 'keyline-kill-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  // As before there was a secret: the first start takes it over.
  Vault.open(folderDisk(join(folder, 'store'))).save(record(enrolled('old')))
  // What was acknowledged, and what was under way when the power went: one of both is there.
  const pin = { sure: '', begun: '' }
  const file = { sure: 0, begun: 0 }
  let broken = 0
  for (let n = 0; n < KILLS; n++) {
    const card = await start(folder)
    t.teardown(() => card.kill())
    const { client } = card
    const files = new CardFiles(client)
    const { card: before } = await client.call('card.hello', { version: 1, driver: 'test' })
    const holds = before.pin === undefined ? '' : await unlocked(client, pin.begun)
    t.true([pin.sure, pin.begun].includes(holds), `the PIN is ${holds}, not ${pin.sure} or ${pin.begun}`)
    const { card: after } = await client.call('card.status', {})
    t.is(after.cardId, CARD_ID)
    const all = (await files.list()).files
    const content = all.length === 0 ? new Uint8Array(1) : await files.read('file') // checked against its SHA-256
    const byte = content[0] ?? 0
    t.true([file.sure, file.begun].includes(byte), `the file is ${byte}, not ${file.sure} or ${file.begun}`)
    t.true(content.every((it) => it === byte))
    pin.sure = pin.begun = holds
    file.sure = file.begun = byte
    const change = async (): Promise<void> => {
      pin.begun = holds === PINS[0] ? PINS[1] : PINS[0]
      await client.call('card.pin.set', { current: holds, wanted: pin.begun })
      pin.sure = pin.begun
    }
    const write = async (): Promise<void> => {
      file.begun = (byte % 250) + 1
      await files.write('file', new Uint8Array(200_000).fill(file.begun))
      file.sure = file.begun
    }
    // Which comes first is drawn, so that kills fall into both.
    const work = (async () => {
      for (const doing of random(2) === 0 ? [change, write] : [write, change]) await doing()
    })().then(
      () => 'done',
      () => 'broken',
    )
    await new Promise((resolve) => setTimeout(resolve, random(SPAN_MS)))
    await card.kill()
    if ((await work) === 'broken') broken++
  }
  t.log(`${broken} of ${KILLS} were broken`)
  t.true(broken > KILLS / 4, `only ${broken} were broken: the kills miss`)
})
