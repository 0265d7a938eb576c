import { fault, KeylineError } from '../errors.ts'
import { BACKEND_NAME } from '../forward/tunnel.ts'
import type { Command } from './command.ts'
import { keptSession } from './kept.ts'

/** `keyline forward LOCALPORT NAME` */
export const forward: Command = {
  summary: 'carry a port of this computer to a backend of the server',
  help: `usage: keyline forward LOCALPORT NAME [--json]

Listens on 127.0.0.1:LOCALPORT (0 is any free port) and carries each connection, raw, under the session key to the backend
NAME, which the server's operator allowed (keyline server run --backend NAME=HOST:PORT). It runs until Ctrl-C.

example: keyline forward 5432 database`,
  options: {},
  takes: ['LOCALPORT', 'NAME'],
  async run(context, [given = '', name = '']) {
    const { output, signal } = context
    const port = /^\d{1,5}$/.test(given) ? Number(given) : -1
    if (port < 0 || port > 65_535)
      throw fault('USAGE', { what: `forward: expected 0…65535, got ${JSON.stringify(given)}` })
    if (!BACKEND_NAME.test(name)) throw fault('USAGE', { what: 'forward: a NAME has 1…32 of a-z, 0-9 and -' })
    const keeper = await keptSession(context)
    try {
      const told = (line: { readonly port: number }): void => {
        output.event({ event: 'listening', port: line.port, backend: name })
        output.say(`127.0.0.1:${line.port} leads to ${name}; Ctrl-C ends it.`)
      }
      const failed = (error: KeylineError): void => output.note(`${error.what} (${error.code}); ${error.cure}.`)
      await keeper.forward({ port, name }, told, failed, signal)
    } catch (error) {
      if (!(error instanceof KeylineError && error.code === 'CANCELLED')) throw error
    }
    output.say('The port is closed.')
    return {}
  },
}
