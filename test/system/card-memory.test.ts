import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { World } from '../../demo/world.ts'
import type { Check } from '../../wire/usb/methods.ts'
import { PASSWORD, USER } from './fixture.ts'

const CONTENT = fileURLToPath(new URL('../../demo/content', import.meta.url))
const MAIN = fileURLToPath(new URL('../../host-driver/cli/main.ts', import.meta.url))

/** `keyline …` of one computer. @returns its last JSON line */
async function keyline(home: string, args: readonly string[], input = ''): Promise<Record<string, unknown>> {
  const env = { HOME: home, KEYLINE_STATE: join(home, 'state'), PATH: process.env.PATH }
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args, '--json'], { env })
  child.stdin.end(input)
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  await once(child, 'close')
  return JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as Record<string, unknown> // the program's own output
}

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'keyline-pc-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const code = (answer: Record<string, unknown>): unknown => (answer.error as { code?: string } | undefined)?.code

test('a card on a board: enrols by itself, wants its PC paired and its PIN, and keeps files through starts', async (t) => {
  t.timeout(240_000)
  const [pc, stranger, board] = [folder(t), folder(t), folder(t)]
  const world = await World.start({ rate: 64_000, latencyMs: 5, content: CONTENT, sim: ['--ring-after', '10'] })
  t.teardown(() => world.close())
  await world.addUser(USER, PASSWORD)
  await world.startServer()
  const [ticket, pin] = [join(board, 'ticket'), join(board, 'pin')]
  writeFileSync(ticket, await world.ticket())
  writeFileSync(pin, '2468')
  const own = ['--board-secret', join(board, 'secret'), '--pairing', 'required', '--ticket', ticket, '--pin', pin]
  const start = () => world.startCard(world.cardStore, own)

  let card = await start()
  await card.until(({ event }) => event === 'pin.set')
  await card.until(({ event }) => event === 'enrolled')
  t.throws(() => readFileSync(ticket), { code: 'ENOENT' })
  t.throws(() => readFileSync(pin), { code: 'ENOENT' })
  t.false(readFileSync(join(world.cardStore, 'vault')).includes('card-1'))

  const at = ['--card', world.cardPort]
  const before = await keyline(pc, ['status', ...at])
  t.is((before.cardError as { code: string }).code, 'CARD_UNPAIRED')
  t.is(code(await keyline(pc, ['card', 'files', 'ls', ...at])), 'CARD_UNPAIRED')
  t.is(code(await keyline(pc, ['card', 'pair', ...at], '00000000\n')), 'PAIRING_REFUSED')
  // The code is known once it is shown: the PC asks for it, and the test reads the card's console.
  const shown = card.until(
    ({ event, code: it }) =>
      event === 'pairing.code' && it !== card.events.find((one) => one.event === 'pairing.code')?.code,
  )
  const paired = await pairWith(pc, at, async () => String((await shown).code))
  t.is(paired.ok, true)
  t.is(code(await keyline(stranger, ['card', 'files', 'ls', ...at])), 'CARD_UNPAIRED')

  const note = join(pc, 'note.txt')
  writeFileSync(note, 'x'.repeat(100_000))
  t.like(await keyline(pc, ['card', 'files', 'put', note, ...at]), { ok: true, size: 100_000 })

  await card.kill()
  card = await start()
  t.is(code(await keyline(pc, ['login', '--user', USER, ...at], `${PASSWORD}\n`)), 'CARD_PIN_NEEDED')
  // Nobody is there to be asked for it: what it can say without its PIN it says.
  const { ok, checks } = await keyline(pc, ['doctor', ...at])
  t.true(ok)
  const looked = new Map((checks as readonly Check[]).map((check) => [check.name, check])) // the program's own output
  t.is(looked.get('modem')?.verdict, 'ok')
  t.like(looked.get('bearers'), { verdict: 'unproved', cure: 'unlock it: keyline card pin unlock' })
  t.is(code(await keyline(pc, ['card', 'pin', 'unlock', ...at], '1111\n')), 'CARD_PIN_WRONG')
  // For a second the card takes none, not even the right one; how slow this machine is decides whether that is seen.
  let unlocked = await keyline(pc, ['card', 'pin', 'unlock', ...at], '2468\n')
  for (let tries = 0; code(unlocked) === 'CARD_PIN_WAIT' && tries < 20; tries++) {
    unlocked = await keyline(pc, ['card', 'pin', 'unlock', ...at], '2468\n')
  }
  t.like(unlocked, { ok: true, pin: 'open' })
  const copy = join(pc, 'copy.txt')
  t.like(await keyline(pc, ['card', 'files', 'get', 'note.txt', '--to', copy, ...at]), { ok: true })
  t.is(readFileSync(copy, 'utf8'), 'x'.repeat(100_000))
  t.like(await keyline(pc, ['login', '--user', USER, ...at], `${PASSWORD}\n`), { ok: true })
  t.like(await keyline(pc, ['logout']), { ok: true })
  t.like(await keyline(pc, ['card', 'unpair', 'all', ...at]), { ok: true, removed: 1 })
  t.is(code(await keyline(pc, ['card', 'paired', ...at])), 'CARD_UNPAIRED')
})

/** Types the code once the card shows it. */
async function pairWith(
  home: string,
  at: readonly string[],
  shown: () => Promise<string>,
): Promise<Record<string, unknown>> {
  const env = { HOME: home, KEYLINE_STATE: join(home, 'state'), PATH: process.env.PATH }
  const args = ['--disable-warning=ExperimentalWarning', MAIN, 'card', 'pair', '--name', 'laptop', ...at, '--json']
  const child = spawn(process.execPath, args, { env })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stdin.end(`${await shown()}\n`)
  await once(child, 'close')
  return JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as Record<string, unknown> // the program's own output
}
