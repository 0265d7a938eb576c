import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { World, WorldOptions } from '../../demo/world.ts'
import type { Progress, Terminal } from '../../host-driver/index.ts'
import { Terminal as Opened } from '../../host-driver/index.ts'
import { Shop } from '../../host-driver/requests/shop-api.ts'
import type { PanelView } from '../../sim/panel.ts'
import { enrolled, logIn, running, withTerminal } from './fixture.ts'
import { shopWorld } from './shop/fixture.ts'
import { newTag, pay } from './shop/kill.ts'

/** A card with the simulator's panel, whose button is asked for each login and payment, at a server that wants it. */
function pressed(rules: string, server: readonly string[] = []): Partial<WorldOptions> {
  return {
    sim: ['--panel', '--http', '0'],
    card: ({ ready }) => {
      const panel = ready.panels?.[0]?.path ?? ''
      return ['--board', 'sim', '--panel', panel, '--consent', rules, '--consent-wait', '5']
    },
    server,
  }
}

function api(world: World) {
  const url = `http://127.0.0.1:${world.sim.ready.http}/panels`
  return {
    panel: async (): Promise<PanelView> => {
      const [panel] = (await (await fetch(url)).json()) as PanelView[]
      if (panel === undefined) throw new Error('expected a panel')
      return panel
    },
    press: async (ms: number): Promise<number> => {
      const answer = await fetch(`${url}/1/press`, { method: 'POST', body: JSON.stringify({ ms }) })
      return answer.status
    },
  }
}

/** Presses as soon as the card asks. */
async function withButton<T>(world: World, ms: number, use: (terminal: Terminal) => Promise<T>) {
  const asked: string[] = []
  const presses: Promise<number>[] = []
  const onProgress = (event: Progress): void => {
    if (event.type !== 'line' || event.state !== 'consenting') return
    asked.push(event.text ?? '')
    presses.push(api(world).press(ms))
  }
  const terminal = await Opened.open({ card: world.cardPort, onProgress })
  try {
    const result = await use(terminal)
    return { result, asked, pressed: await Promise.all(presses) }
  } finally {
    await terminal.close()
  }
}

const calls = (world: World): number => world.sim.events.filter((it) => it.event === 'call').length

/** Until the panel shows it; the test runner's own limit ends it if it never does. */
async function shown(world: World, so: (panel: PanelView) => boolean): Promise<PanelView> {
  for (;;) {
    const panel = await api(world).panel()
    if (so(panel)) return panel
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function loginWith(t: ExecutionContext, world: World, ms: number) {
  const {
    result,
    asked,
    pressed: statuses,
  } = await withButton(world, ms, async (terminal) => {
    const login = await logIn(terminal)
    if (login.verdict === 'permitted') await login.session.close()
    return login.verdict === 'refused' ? login.reason : login.verdict
  })
  t.deepEqual(statuses, [200])
  t.regex(asked[0] ?? '', /hold the button for one second/)
  return result
}

test.serial('held for a second the card calls, and a server that wants the button permits', async (t) => {
  t.timeout(120_000)
  const world = await enrolled(t, pressed('login:always', ['--require-consent', 'login,pay']))
  // The call of the enrolment, which is not asked for, is over.
  await shown(world, ({ lights }) => lights.power === 'on' && lights.line === 'off' && lights.exchange === 'off')
  t.is(await loginWith(t, world, 1500), 'permitted')
  const { history, lights } = await shown(
    world,
    (panel) => panel.lights.line === 'off' && panel.lights.consent === 'off',
  )
  // Since the enrolment: first the question, then the call, then what goes over it.
  const asked = history.findIndex(({ light }) => light === 'consent')
  const after = history.slice(asked).filter(({ level }) => level === 1)
  const order = [...new Set(after.map(({ light }) => light))]
  t.deepEqual(order, ['consent', 'line', 'exchange'])
  t.is(lights.refused, 'off')
})

test.serial('nobody presses: it ends by itself, the light says so, and the network saw no call', async (t) => {
  t.timeout(120_000)
  const world = await enrolled(t, pressed('login:always'))
  const before = calls(world)
  await withTerminal(world, async (terminal) => {
    await t.throwsAsync(logIn(terminal), { code: 'LINE_CONSENT_TIMEOUT', message: /nothing was sent/ })
  })
  t.is(calls(world), before)
  t.is((await shown(world, ({ lights }) => lights.refused === 'on' && lights.consent === 'off')).lights.line, 'off')
  await t.throwsAsync(loginWith(t, world, 200), { code: 'LINE_CONSENT_REFUSED' })
  t.is(calls(world), before)
  t.is(await loginWith(t, world, 1500), 'permitted')
})

test.serial(
  'a server that wants the button refuses a card that never asks, before it looks at the password',
  async (t) => {
    t.timeout(120_000)
    const world = await enrolled(t, pressed('never', ['--require-consent', 'login']))
    const login = await withTerminal(world, logIn)
    t.like(login, { verdict: 'refused', reason: 'CONSENT_REQUIRED' })
    t.false(world.server.events.some(({ event }) => event === 'login.checked'))
    t.true(world.server.events.some(({ event, reason }) => event === 'login.refused' && reason === 'CONSENT_REQUIRED'))
    await shown(world, ({ lights }) => lights.refused === 'on')
  },
)

test.serial('a payment: three seconds allow it, less does not call; first asks once for logins', async (t) => {
  t.timeout(180_000)
  const shop = await shopWorld(t, pressed('login:first,pay:always', ['--require-consent', 'login,pay']))
  const { world } = shop
  let hold = 1500
  const asked: string[] = []
  const presses: Promise<number>[] = []
  const onProgress = (event: Progress): void => {
    if (event.type !== 'line' || event.state !== 'consenting') return
    asked.push(event.text ?? '')
    presses.push(api(world).press(hold))
  }
  const terminal = await Opened.open({ card: world.cardPort, onProgress })
  t.teardown(() => terminal.close())
  const first = await logIn(terminal)
  if (first.verdict === 'refused') return t.fail(first.reason)
  await first.session.close()
  const login = await logIn(terminal)
  if (login.verdict === 'refused') return t.fail(login.reason)
  t.is(asked.length, 1)
  const { session } = login
  const tag = await newTag(session)
  const before = calls(world)
  await Promise.all(presses)
  await shown(world, ({ button }) => button === 'up')
  t.is(await pay(terminal, session.userId, tag), 'LINE_CONSENT_REFUSED')
  t.is(calls(world), before)
  await shown(world, ({ button }) => button === 'up')
  hold = 3500
  t.is(await pay(terminal, session.userId, tag), 'paid')
  t.regex(asked.at(-1) ?? '', /three seconds/)
  t.deepEqual([...new Set(await Promise.all(presses))], [200])
  t.is((await new Shop(session.fetch, 3).orders()).length, 1)
  await session.close()
  return undefined
})

test.serial(
  'an enrolment is asked for as well; a locked card asks for its PIN first, and nobody for a press',
  async (t) => {
    t.timeout(120_000)
    const { card, ...options } = pressed('enrol:always,login:always')
    const folder = mkdtempSync(join(tmpdir(), 'keyline-consent-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const secret = ['--board-secret', join(folder, 'secret')]
    const world = await running(t, { ...options, card: (sim) => [...(card?.(sim) ?? []), ...secret] })
    const ticket = await world.ticket()
    await t.throwsAsync(
      withButton(world, 200, (terminal) => terminal.enrol(ticket)),
      { code: 'LINE_CONSENT_REFUSED' },
    )
    t.is(calls(world), 0)
    await shown(world, ({ button }) => button === 'up')
    const enrolment = await withButton(world, 1500, (terminal) => terminal.enrol(ticket))
    t.is(enrolment.result.cardId, 'card-1')
    t.regex(enrolment.asked[0] ?? '', /hold the button for one second/)
    await withTerminal(world, (terminal) => terminal.setPin('', '2468'))

    await world.card.kill()
    await world.startCard()
    const before = calls(world)
    const locked = await withButton(world, 1500, (terminal) =>
      t.throwsAsync(logIn(terminal), { code: 'CARD_PIN_NEEDED' }),
    )
    t.deepEqual(locked.asked, [])
    t.is(calls(world), before)
    t.is((await api(world).panel()).lights.consent, 'off')
    await withTerminal(world, (terminal) => terminal.unlock('2468'))
    t.is(await loginWith(t, world, 1500), 'permitted')
  },
)
