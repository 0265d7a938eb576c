import type { NetworkLook } from '../../wire/usb/methods.ts'
import { duration, size } from '../printable.ts'
import type { KeysLeft } from '../stored/key-pool.ts'
import { esc, facts, page } from './html.ts'

/** What went by which path since the gateway was opened. */
export interface Traffic {
  readonly calls: number
  readonly lineUp: number
  readonly lineDown: number
  /** In exchanges, without dialling and hanging up. */
  readonly lineSeconds: number
  readonly requests: number
  readonly connections: number
  readonly internetUp: number
  readonly internetDown: number
}

export interface TerminalView {
  readonly card:
    | {
        readonly id: string
        readonly modem: string
        readonly firmware: string
        readonly network: NetworkLook | undefined
      }
    | { readonly fault: string }
  /** What the card does on the line, in words. */
  readonly line: string
  readonly session: { readonly userId: string; readonly server: string; readonly secondsLeft: number } | undefined
  /** Keys that wait for later sessions, one entry a call. */
  readonly keys: readonly KeysLeft[]
  /** Of the second embodiment: no session is needed. */
  readonly openShop: string | undefined
  readonly traffic: Traffic
  /** Why the last login did not come about. */
  readonly wrong?: string | undefined
}

/** The facts that change while one looks; the same names in the page and in its events. */
export function liveFacts({ line, session, keys, traffic }: TerminalView): Readonly<Record<string, string>> {
  const { calls, lineUp, lineDown, lineSeconds, requests, connections, internetUp, internetDown } = traffic
  return {
    line: line === 'consenting' ? 'hold the button of the card, its light blinks' : line,
    left: session === undefined ? 'no session' : duration(session.secondsLeft),
    keys: keysText(keys),
    calls: `${calls} calls, ${size(lineUp)} up, ${size(lineDown)} down, ${lineSeconds.toFixed(1)} s`,
    internet: `${requests} requests on ${connections} connections, ${size(internetUp)} up, ${size(internetDown)} down`,
  }
}

/** The page that shows the terminal: card, line, session, and what went by which path. */
export function terminalPage(view: TerminalView): string {
  const live = liveFacts(view)
  const at = (name: string): string => `<span data-fact="${name}">${esc(live[name] ?? '')}</span>`
  const { card, session, keys, openShop, wrong } = view
  const cardRows: (readonly [string, string])[] =
    'fault' in card
      ? [['Card', `<span class="bad">${esc(card.fault)}</span>`]]
      : [
          ['Card', esc(card.id || 'not enrolled')],
          ['Modem', esc(card.modem)],
          ...(card.network === undefined ? [] : ([['Network', esc(networkText(card.network))]] as const)),
          ['Firmware', esc(card.firmware)],
        ]
  return page(
    'Terminal',
    `<h1>Terminal</h1>
<div data-events="/keyline/events">
<h2>Card and line</h2>
${facts([...cardRows, ['Line', at('line')]])}
<h2>Session</h2>
${sessionPart(session, openShop, wrong, at)}
<h2>Keys for later sessions</h2>
${facts([['Stored keys', at('keys')]])}
${session !== undefined || keys.length > 0 ? ERASE : ''}
<h2>What went by which path</h2>
${facts([
  ['By telephone', at('calls')],
  ['Over the Internet', at('internet')],
])}
</div>`,
    { script: true },
  )
}

/** Kind of modem, operator and how well it hears, in words: a picture of bars says nothing to who cannot see it. */
export function networkText({ modem, registration, operator, signalDbm, signalBars }: NetworkLook): string {
  const signal = [
    ...(signalBars === undefined ? [] : [`signal ${signalBars} of 5`]),
    ...(signalDbm === undefined ? [] : [`${signalDbm} dBm`]),
  ].join(', ')
  return [modem, operator, registration, signal].filter((part) => part !== undefined && part !== '').join(' · ')
}

const ERASE = `<form method="post" action="/keyline/erase"><button class="plain" type="submit">Erase all keys and log out</button></form>`

function keysText(keys: readonly KeysLeft[]): string {
  if (keys.length === 0) return 'none'
  return keys
    .map(({ userId, left, expiresAt }) => `${left} for ${userId} until ${expiresAt.toLocaleString('sv')}`)
    .join('; ')
}

function sessionPart(
  session: TerminalView['session'],
  openShop: string | undefined,
  wrong: string | undefined,
  at: (name: string) => string,
): string {
  if (session !== undefined) {
    return `${facts([
      ['User', esc(session.userId)],
      ['Server', esc(session.server)],
      ['Keys expire in', at('left')],
    ])}`
  }
  if (openShop !== undefined) {
    return `<p class="box">None: the shop at ${esc(openShop)} is visited over ordinary HTTPS. Only what is secret goes by telephone.</p>`
  }
  return `<p class="box">Nobody is logged in.</p>
${wrong === undefined ? '' : `<p class="wrong" id="wrong" role="alert" tabindex="-1">${esc(wrong)}</p>`}
<form method="post" action="/keyline/login">
<div><label for="userId">User ID</label><input id="userId" name="userId" autocomplete="username" maxlength="64"></div>
<div><label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" maxlength="128"></div>
<p class="hint">Both go by telephone, through your card; the page answers when the call is over. With a stored key no call is made.</p>
<button type="submit">Log in by telephone</button>
</form>`
}
