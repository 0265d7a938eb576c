import type { ServerResponse } from 'node:http'
import { reportOf } from '../errors.ts'
import type { OnProgress, Progress } from '../events.ts'
import { goneSignal } from './answering.ts'
import type { KeptOutcome, LoginLine } from './protocol.ts'

/** What a login or a prefetch tells whoever asked: steps as they happen, then the outcome. */
export async function told(
  response: ServerResponse,
  run: (onProgress: OnProgress, gone: AbortSignal) => Promise<KeptOutcome>,
): Promise<void> {
  const write = (line: LoginLine): void => {
    if (!response.destroyed) response.write(`${JSON.stringify(line)}\n`)
  }
  // Later events of the session (S17, S18) have nobody here to be told.
  let running = true
  const onProgress = (event: Progress): void => {
    if (running && event.type !== 'download') write(event)
  }
  const gone = goneSignal(response)
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  let last: LoginLine
  try {
    last = { type: 'done', outcome: await run(onProgress, gone) }
  } catch (error) {
    last = { type: 'failed', error: reportOf(error) }
  }
  running = false
  write(last)
  response.end()
}
