import { connect } from 'node:net'
import { boundTo } from '../../internet/via.ts'
import type { Check } from '../../wire/usb/methods.ts'
import { fault, KeylineError, unexpected } from '../errors.ts'
import { checkVia, endpointOf } from '../requests/keyed-agent.ts'
import type { Terminal, TerminalStatus } from '../terminal.ts'
import { CARD_HELP, CARD_OPTION, cardSource, sourceText } from './card-option.ts'
import type { Command, CommandContext, Options } from './command.ts'
import { pairingCheck, pcChecks } from './pc-checks.ts'
import { openUnlocked } from './unlock.ts'
import { VIA_HELP, VIA_OPTION, via } from './via-option.ts'

/** A server that is reached answers within this time, milliseconds. */
const REACH_MS = 5000
const MARKS = { ok: 'ok      ', failed: 'FAILED  ', unproved: 'unproved' } as const

/** `keyline doctor`: looks at everything between this computer and the server, and calls nobody. */
export const doctor: Command = {
  summary: 'look at card, modem, network and server, and say what to do',
  help: `usage: keyline doctor [--card PATH | --modem PATH] [--internet-via INTERFACE] [--json]

Looks at the card, its modem, SIM card and network, at each bearer that the card is enrolled for, and whether the server is reached over the
Internet; calls nobody. A packet network is shown not to be the Internet by trying to reach the canary of the ticket through it.
Takes up to two minutes. Each line that is not well says what to do; the exit code is 4 if one of them failed.

${VIA_HELP}
${CARD_HELP}

example: keyline doctor`,
  options: { ...CARD_OPTION, ...VIA_OPTION },
  takes: [],
  async run(context, _args, options) {
    const { output } = context
    const checks = await allChecks(context, options)
    const width = Math.max(...checks.map(({ name }) => name.length))
    for (const check of checks) {
      const { name, verdict, what, cure } = check
      output.event({ type: 'check', ...check })
      output.say(`${MARKS[verdict]}  ${name.padEnd(width)}  ${what}`)
      if (cure !== undefined) output.say(`${''.padEnd(width + 12)}→ ${cure}`)
    }
    const failed = checks.filter(({ verdict }) => verdict === 'failed')
    if (failed.length > 0) {
      throw fault('DOCTOR_FAILED', {
        what: `not well: ${failed.map(({ name }) => name).join(', ')}`,
      })
    }
    return { checks }
  },
}

async function allChecks(context: CommandContext, options: Options): Promise<readonly Check[]> {
  let terminal: Terminal | undefined
  let own = pcChecks({ port: undefined, now: Date.now() })
  try {
    const { internetVia } = via(options)
    const path = await cardSource(context, options)
    const isCard = typeof path === 'string'
    own = pcChecks({ port: isCard ? path : undefined, now: Date.now() })
    terminal = await openUnlocked(context, { card: path })
    const { card, firmware } = await terminal.status()
    const found: Check = { name: 'card', verdict: 'ok', what: `${sourceText(path)}: ${firmware}, ${stateOf(card)}` }
    own = [...own, found, ...(isCard ? [pairingCheck(terminal.wantsPairing)] : [])]
    context.output.note('The card looks at its modem and network; this may take two minutes.')
    const checks = await terminal.doctor()
    return [...own, ...checks, ...(card.internet === '' ? [] : [await reached(card.internet, internetVia)])]
  } catch (error) {
    if (!(error instanceof KeylineError) || error.code === 'USAGE') throw error
    return [...own, { name: 'card', verdict: 'failed', what: `${error.what} (${error.code})`, cure: error.cure }]
  } finally {
    await terminal?.close()
  }
}

function stateOf({ enrolled, cardId, pin }: TerminalStatus['card']): string {
  if (pin === 'locked') return 'locked by its PIN'
  return enrolled ? `enrolled as ${cardId}` : 'not enrolled'
}

/** Only that something takes the connection: what it is is proved by the session key. */
async function reached(address: string, by: string | undefined): Promise<Check> {
  const name = 'Internet'
  let to: ReturnType<typeof endpointOf>
  try {
    to = endpointOf(address)
    checkVia(by, address)
  } catch (error) {
    const { what, cure } = unexpected(error)
    return { name, verdict: 'failed', what, cure }
  }
  return new Promise((resolve) => {
    const socket = connect({ ...boundTo(by, to.host), ...to })
    const failed = (): void => {
      socket.destroy()
      const cure = "check this computer's connection to the Internet, and the address with the operator"
      resolve({ name, verdict: 'failed', what: `${address} is not reached`, cure })
    }
    socket.setTimeout(REACH_MS, failed)
    socket.once('error', failed)
    socket.once('connect', () => {
      socket.destroy()
      resolve({ name, verdict: 'ok', what: `${address} takes connections` })
    })
  })
}
