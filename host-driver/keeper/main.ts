import { chmod } from 'node:fs/promises'
import { createServer } from 'node:http'
import { reportOf } from '../errors.ts'
import { Terminal } from '../terminal.ts'
import { afterUnheld } from '../timers.ts'
import { Keeper } from './keeper.ts'
import { listenAlone } from './listen.ts'
import { privateFolder, socketPath, stateFolder } from './state-folder.ts'

/*
 * The session keeper, a process of the user in the background: started by `keyline login`, it ends itself. Its first line
 * of output says that it can be asked, or why not; after that it is silent.
 */
const HEADERS_TIMEOUT_MS = 5000

async function main(): Promise<void> {
  process.umask(0o077)
  const folder = stateFolder(process.env)
  await privateFolder(folder)
  const path = socketPath(folder)
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, keepAliveTimeout: 1000 })
  // Closing removes the socket in the same moment, so that the next login starts a keeper of its own.
  const quit = (): void => {
    if (!server.listening) return
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  }
  if ((await listenAlone(server, path)) === 'listening') {
    await chmod(path, 0o600)
    const keeper = new Keeper({ openTerminal: (options) => Terminal.open(options), quit, after: afterUnheld })
    server.on('request', (request, response) => keeper.handle(request, response))
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => keeper.stop())
  }
  process.stdout.write('{"ready":true}\n')
}

try {
  await main()
} catch (error) {
  process.stdout.write(`${JSON.stringify({ ready: false, error: reportOf(error) })}\n`)
  process.exitCode = 1
}
