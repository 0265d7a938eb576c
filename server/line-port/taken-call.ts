import type { Clock } from '../../line/clock.ts'
import { LinkServer } from '../../line/link-server.ts'
import type { LinePath } from '../../line/path.ts'
import type { StreamEnd } from '../../line/stream.ts'
import type { AnsweredCall } from '../sessions/line-service.ts'

/** No call or connection lasts longer, milliseconds: a modem that a card never leaves would serve nobody else. */
export const CALL_MAX_MS = 10 * 60_000

export interface TakenCall {
  /** Ends it, e.g. because the server stops. */
  close(): void
  /** When the path is free again or was given up. */
  readonly ended: Promise<void>
}

/**
 * Answers the messages of one path until either end hangs up, nothing is asked any more, or its time is over.
 * @param call closed once when the path ends @param onEnd called once, after the hanging up @param maxMs its time, milliseconds
 */
export function takeCall(
  path: LinePath,
  clock: Clock,
  call: AnsweredCall,
  onEnd: (by: StreamEnd) => void,
  maxMs = CALL_MAX_MS,
): TakenCall {
  let over = (): void => {}
  const ended = new Promise<void>((resolve) => {
    over = resolve
  })
  const cancelLimit = clock.after(maxMs, () => link.close())
  const link = new LinkServer(
    path,
    clock,
    (message) => call.handle(message),
    (by) => {
      cancelLimit()
      call.close()
      path.hangUp().then(
        () => {
          onEnd(by)
          over()
        },
        () => over(),
      )
    },
  )
  return { close: () => link.close(), ended }
}
