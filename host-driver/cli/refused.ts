import { KeylineError } from '../errors.ts'
import { FAULTS, type FaultCode } from '../faults.ts'
import { duration } from '../printable.ts'

/** A refusal of the server over the line or the Internet (S4, S15, S32, S66), as the error that ends a command. */
export function refused(reason: FaultCode, retryAfterSeconds: number): KeylineError {
  const { what, cure } = FAULTS[reason]
  const when = retryAfterSeconds > 0 ? `, after ${duration(retryAfterSeconds)} at the earliest` : ''
  return new KeylineError({ code: reason, what, cure: cure + when, origin: 'server' })
}
