import { fault, KeylineError } from '../errors.ts'
import type { GatewayEvent } from '../gateway/gateway.ts'
import { CARD_HELP, CARD_OPTION, cardSource } from './card-option.ts'
import { type Command, type CommandContext, type Options, text } from './command.ts'
import { runningKeeper } from './kept.ts'
import { readAuthorities } from './pay.ts'
import { VIA_HELP, VIA_OPTION, via } from './via-option.ts'

/** `keyline gateway` */
export const gateway: Command = {
  summary: 'open the shop and this terminal in a browser on this computer',
  help: `usage: keyline gateway [--port N] [--shop https://HOST:PORT [--ca FILE]] [--card PATH | --modem PATH] [--json]

Prints an address to open in a browser, once. Everything the browser asks for goes over the Internet path, but card number
and address, which go by telephone. It runs until Ctrl-C; a session stays until keyline logout.

  --port N      port of 127.0.0.1; 0 is any free one (0)
  --shop URL    an open shop, over ordinary HTTPS and without login; else the shop inside the session
  --ca FILE     authorities (PEM) that alone are trusted for it
${VIA_HELP}. A session
                that leaves by another is refused
${CARD_HELP}

example: keyline login --user alice && keyline gateway`,
  options: {
    ...CARD_OPTION,
    port: { type: 'string' },
    shop: { type: 'string' },
    ca: { type: 'string' },
    ...VIA_OPTION,
  },
  takes: [],
  async run(context, _args, options) {
    const { output, signal } = context
    const port = portOf(options)
    const shop = text(options, 'shop')
    const ca = await authorities(options)
    const card = await cardSource(context, options)
    const keeper = await runningKeeper(context.env)
    const wanted = { port, card, ...(shop !== undefined && { shop }), ...(ca !== undefined && { ca }), ...via(options) }
    try {
      await keeper.gateway(
        wanted,
        (url) => listening(context, url),
        (event) => happened(context, event),
        signal,
      )
    } catch (error) {
      if (!(error instanceof KeylineError && error.code === 'CANCELLED')) throw error
    }
    output.say('The gateway is closed.')
    return {}
  },
}

function listening({ output }: CommandContext, url: string): void {
  output.event({ event: 'listening', url })
  output.say('Open this address in your browser, once; Ctrl-C closes the gateway.')
  output.say(`  ${url}`)
}

const WORDS: Readonly<Record<GatewayEvent['event'], (code: string) => string>> = {
  entered: () => 'A browser was let in; the address lets in no other.',
  'logged-in': () => 'Logged in.',
  erased: () => 'The session keys are erased.',
  paying: () => 'Paying by telephone.',
  paid: (order) => `${order} is paid.`,
  'not-paid': (outcome) => `Not paid (${outcome}).`,
  refused: (code) => `Refused: ${code}.`,
}

function happened({ output }: CommandContext, { event, code }: GatewayEvent): void {
  output.event({ event, ...(code !== undefined && { code }) })
  output.note(WORDS[event](code ?? ''))
}

function portOf(options: Options): number {
  const given = text(options, 'port') ?? '0'
  const port = /^\d{1,5}$/.test(given) ? Number(given) : -1
  if (port >= 0 && port <= 65_535) return port
  throw fault('USAGE', { what: `--port: expected 0…65535, got ${JSON.stringify(given)}` })
}

async function authorities(options: Options): Promise<string | undefined> {
  const path = text(options, 'ca')
  if (path === undefined) return undefined
  if (text(options, 'shop') === undefined) throw fault('USAGE', { what: 'gateway: --ca is for --shop only' })
  return readAuthorities(path)
}
