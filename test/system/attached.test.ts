import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { CARD_NUMBER, type World } from '../../demo/world.ts'
import { KeylineError, Terminal, type TerminalOptions } from '../../host-driver/index.ts'
import { ended, home } from '../host-driver/cli/run.ts'
import { PASSWORD, running, session, USER } from './fixture.ts'

const TIMEOUT_MS = 240_000
const DRIVER = fileURLToPath(new URL('../../host-driver/index.ts', import.meta.url))
const COMMAND = fileURLToPath(new URL('../../host-driver/cli/main.ts', import.meta.url))

/** A PC with a modem of its own, and no card (D-5). */
async function pc(t: ExecutionContext): Promise<{ world: World; card: { modem: string; store: string } }> {
  t.timeout(TIMEOUT_MS)
  const world = await running(t)
  await world.card.stop()
  const modem = world.sim.ready.modems.find(({ number }) => number === CARD_NUMBER)?.path ?? ''
  return { world, card: { modem, store: join(world.folder, 'attached') } }
}

/** Ended with the test, however that ends. */
async function open(t: ExecutionContext, card: TerminalOptions['card']): Promise<Terminal> {
  const terminal = await Terminal.open({ card })
  t.teardown(() => terminal.close())
  return terminal
}

test.serial('enrolled and logged in by a modem at this computer; its program ends with the terminal', async (t) => {
  const { world, card } = await pc(t)
  const first = await open(t, card)
  await first.enrol(await world.ticket())
  await first.close()
  const terminal = await open(t, card)
  t.like((await terminal.status()).card, { enrolled: true, cardId: 'card-1' })
  // The store and the modem are this terminal's: a second one is told so.
  await t.throwsAsync(Terminal.open({ card }), { code: 'VAULT_IN_USE' })
  const opened = await session(terminal)
  await terminal.close()
  t.true((await opened.menu()).length > 3)
  await opened.close()
})

test.serial('a modem that is not there is told by the login, with what to do', async (t) => {
  const { world, card } = await pc(t)
  const enrolling = await open(t, card)
  await enrolling.enrol(await world.ticket())
  await enrolling.close()
  const terminal = await open(t, { ...card, modem: '/dev/nonexistent' })
  const error = await t.throwsAsync(session(terminal), { code: 'MODEM_ABSENT' })
  t.regex(error?.message ?? '', /nonexistent/)
  await terminal.close()
})

test.serial('killed with signal 9 in the middle of a call, the driver leaves the modem free', async (t) => {
  const { world, card } = await pc(t)
  const enrolling = await open(t, card)
  await enrolling.enrol(await world.ticket())
  await enrolling.close()
  const program = `
    import { Terminal } from ${JSON.stringify(DRIVER)}
    const onProgress = (event) => { if (event.type === 'line') console.log(event.state) }
    const terminal = await Terminal.open({ card: ${JSON.stringify(card)}, onProgress })
    await terminal.login({ userId: ${JSON.stringify(USER)}, password: ${JSON.stringify(PASSWORD)} })`
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', program]
  const driver = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => driver.kill('SIGKILL'))
  let said = ''
  while (!said.includes('exchanging')) said += String((await once(driver.stdout, 'data'))[0])
  driver.kill('SIGKILL')
  await once(driver, 'exit')
  // The card's program hangs up and ends by itself; until then the store is its own.
  let terminal: Terminal | undefined
  for (let tries = 0; terminal === undefined && tries < 100; tries++) {
    terminal = await open(t, card).catch((error: unknown) => {
      if (!(error instanceof KeylineError && error.code === 'VAULT_IN_USE')) throw error
      return undefined
    })
  }
  if (terminal === undefined) return t.fail('the store stays in use')
  const opened = await session(terminal)
  t.is(opened.state, 'open')
  await opened.close()
  await terminal.close()
  return undefined
})

test.serial('by the command line, with the modem named once in the environment', async (t) => {
  const { world, card } = await pc(t)
  const user = await home(t, { KEYLINE_MODEM: card.modem })
  const enrolled = await user.run(['enrol', '-', '--store', card.store, '--json'], `${await world.ticket()}\n`)
  t.is(enrolled.code, 0, enrolled.out + enrolled.err)
  const entered = await user.run(['login', '--user', USER, '--store', card.store, '--json'], `${PASSWORD}\n`)
  t.is(entered.code, 0, entered.out + entered.err)
  const menu = await user.run(['ls', '--json'])
  t.is(menu.code, 0)
  const both = await user.run(['doctor', '--card', '/dev/x', '--modem', card.modem, '--json'])
  t.is(both.code, 2)
  await user.run(['logout', '--json'])
})

test.serial(
  'Ctrl-C at a terminal is the command’s: the call is cancelled and hung up, and the store is free',
  async (t) => {
    const { world, card } = await pc(t)
    const user = await home(t)
    const args = ['enrol', '-', '--modem', card.modem, '--store', card.store, '--json']
    // A terminal sends it to all of the foreground's process group (termios(3), ISIG).
    const command = spawn(process.execPath, [COMMAND, ...args], { env: user.env, stdio: 'pipe', detached: true })
    t.teardown(() => command.kill('SIGKILL'))
    command.stdin.end(`${await world.ticket()}\n`)
    const end = ended(command)
    let said = ''
    while (!said.includes('"dialling"')) said += String((await once(command.stdout, 'data'))[0])
    process.kill(-(command.pid ?? Number.NaN), 'SIGINT')
    const { code, last } = await end
    t.like(last, { ok: false, error: { code: 'CANCELLED' } })
    t.is(code, 1)
    const terminal = await open(t, card)
    await terminal.close()
  },
)
