import type { ServerResponse } from 'node:http'
import type { CardSource } from '../card/attached.ts'
import { fault } from '../errors.ts'
import { openForward } from '../forward/forward.ts'
import { type GatewayEvent, type GatewayHost, openGateway } from '../gateway/gateway.ts'
import type { After } from '../timers.ts'
import { forwardBody, gatewayBody, type StandingLine } from './protocol.ts'

/** Between two signs of life, milliseconds. */
const ALIVE_MS = 60_000
/** Who does not read is told no more than so many bytes. */
const UNREAD_MAX = 65_536

export interface StandingParts {
  readonly host: (card: CardSource, internetVia?: string) => GatewayHost
  readonly after: After
  readonly response: ServerResponse
  /** Aborts when the asking end left, or this keeper ends. */
  readonly gone: AbortSignal
}

/** The gateway, for as long as who asked for it stays. @throws KeylineError REQUEST_INVALID, GATEWAY_PORT_IN_USE, INPUT_INVALID */
export async function standGateway(body: unknown, parts: StandingParts): Promise<void> {
  const checked = gatewayBody.safeParse(body)
  if (!checked.success) throw fault('REQUEST_INVALID')
  const { card, ...options } = checked.data
  const onEvent = (event: GatewayEvent): void => write(parts, { type: 'event', ...event })
  const { url, port, close } = await openGateway(parts.host(card, options.internetVia), { ...options, onEvent })
  await stand(parts, { type: 'listening', url, port }, close)
}

/** A forwarded port, likewise. @throws KeylineError REQUEST_INVALID, NOT_LOGGED_IN, FORWARD_PORT_IN_USE */
export async function standForward(body: unknown, parts: StandingParts): Promise<void> {
  const checked = forwardBody.safeParse(body)
  if (!checked.success) throw fault('REQUEST_INVALID')
  const host = parts.host('')
  const session = () => {
    const now = host.session()
    if (now === undefined) throw fault('NOT_LOGGED_IN')
    return now
  }
  session()
  const onFault = (error: Extract<StandingLine, { type: 'fault' }>['error']): void =>
    write(parts, { type: 'fault', error })
  const { port, close } = await openForward({ ...checked.data, session, onFault })
  await stand(parts, { type: 'listening', url: '', port }, close)
}

async function stand(parts: StandingParts, first: StandingLine, close: () => Promise<void>): Promise<void> {
  const { response, gone, after } = parts
  let cancel = (): void => {}
  const alive = (): void => {
    cancel = after(ALIVE_MS, () => {
      write(parts, { type: 'alive' })
      alive()
    })
  }
  try {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    write(parts, first)
    alive()
    if (!gone.aborted) await new Promise<void>((resolve) => gone.addEventListener('abort', () => resolve()))
  } finally {
    cancel()
    await close()
    response.end()
  }
}

function write({ response }: StandingParts, line: StandingLine): void {
  if (!response.destroyed && response.writableLength < UNREAD_MAX) response.write(`${JSON.stringify(line)}\n`)
}
