import type { CallEvent, MessageEvent, ReadyEvent, SimEvent } from './events.ts'

/** An event for people; `ready` is a table. */
export function describe(event: SimEvent): string {
  switch (event.event) {
    case 'ready':
      return table(event)
    case 'call':
      return `${seconds(event.atMs)}  call ${event.id}  ${event.from} → ${event.to}  ${event.state}${callEnd(event)}`
    case 'message':
      return `${seconds(event.atMs)}  ${message(event)}`
    case 'socket':
      return `${seconds(event.atMs)}  socket ${event.id}  ${event.number} → ${event.apn} ${event.address}  ${event.state}${why(event)}${bytes(event)}`
    case 'context':
      return `${seconds(event.atMs)}  context ${event.number} ${event.cid}  ${event.apn} ${event.address}  ${event.state}${why(event)}`
    case 'sim':
      return `${seconds(event.atMs)}  SIM ${event.number}  ${event.attempt.toUpperCase()} ${event.result}, tries left: PIN ${event.pinTries}, PUK ${event.pukTries}`
    case 'modem':
      return `${seconds(event.atMs)}  modem ${event.number}  ${event.state}`
    case 'replay':
      return `${seconds(event.atMs)}  replay ${event.name}  ${event.state} after ${event.steps} steps`
    case 'ran':
      return `${seconds(event.atMs)}  ${event.by}: ${event.do}${event.code === undefined ? '' : ` ${event.code}`}`
    case 'relay':
      return `${seconds(event.atMs)}  relay ${event.name} ${event.connection}  ${event.state}${bytes(event)}`
    case 'done':
      return `done: ${event.do}${event.modem ? ` ${event.modem.path}` : ''}${event.cable ? ` ${event.cable.card} ${event.cable.pc}` : ''}`
    case 'error':
      return `${event.code}: ${event.what} ${event.cure}`
  }
}

function message({ id, report, from, to, octets, state, reason }: MessageEvent): string {
  const kind = report ? 'report' : 'message'
  return `${kind} ${id}  ${from} → ${to}  ${state}${why({ reason })}, ${octets} octets`
}

function why({ reason }: { readonly reason?: string | undefined }): string {
  return reason === undefined ? '' : `: ${reason}`
}

function table({ seed, modems, cables, relays, replays = [], panels = [], http }: ReadyEvent): string {
  const rows = [
    ...modems.map(({ number, path }) => ['modem', number, path]),
    ...cables.flatMap(({ name, card, pc }) => [
      ['cable', `${name}, card end`, card],
      ['cable', `${name}, PC end`, pc],
    ]),
    ...relays.map(({ name, port }) => ['relay', name, `127.0.0.1:${port}`]),
    ...replays.map(({ name, path }) => ['replay', name, path]),
    ...panels.map(({ panel, path }) => ['panel', `lights and button ${panel}`, path]),
    ...(http === undefined ? [] : [['http', 'API', `http://127.0.0.1:${http}`]]),
  ]
  const width = Math.max(0, ...rows.map(([, name = '']) => name.length))
  const lines = rows.map(([kind = '', name = '', place = '']) => `${kind}  ${name.padEnd(width)}  ${place}`)
  return [`The world is ready (seed ${seed}). Ctrl-C ends it.`, ...lines].join('\n')
}

function callEnd(event: CallEvent): string {
  return event.state === 'ended' ? `: ${event.reason}${bytes(event)}` : ''
}

function bytes({ bytesUp, bytesDown }: { readonly bytesUp?: number; readonly bytesDown?: number }): string {
  return bytesUp === undefined ? '' : `, ${bytesUp} bytes up, ${bytesDown} down`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`.padStart(10)
}
