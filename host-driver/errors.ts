import { EXIT, FAULTS, type FaultCode } from './faults.ts'

/** Who found the fault: this program, the card, or the server's answer. */
export const ORIGINS = ['here', 'card', 'server'] as const
export type Origin = (typeof ORIGINS)[number]

/** What programs and people are told of a fault, also over the keeper's socket and in `--json`. */
export interface FaultReport {
  /** Stable, UPPER_SNAKE. */
  readonly code: string
  /** What happened. */
  readonly what: string
  /** What to do. */
  readonly cure: string
  readonly origin: Origin
}

/** Every error that this driver throws on purpose. Its message is `what; cure`; secrets are in none of them. */
export class KeylineError extends Error implements FaultReport {
  readonly code: string
  readonly what: string
  readonly cure: string
  readonly origin: Origin

  /** @param report taken over as it stands: the codes of card and server are passed on unchanged */
  constructor(report: FaultReport, cause?: unknown) {
    super(`${report.what}; ${report.cure}`, cause === undefined ? {} : { cause })
    this.name = 'KeylineError'
    this.code = report.code
    this.what = report.what
    this.cure = report.cure
    this.origin = report.origin
  }
}

/**
 * An error of this driver's own table.
 * @param detail `what` and `cure` replace the table's sentences where more is known
 */
export function fault(
  code: FaultCode,
  detail: { readonly what?: string; readonly cure?: string; readonly cause?: unknown } = {},
): KeylineError {
  const { what, cure } = { ...FAULTS[code], ...detail }
  return new KeylineError({ code, what, cure, origin: 'here' }, detail.cause)
}

/** Only the fields for others: no cause, no stack. */
export function reportOf(error: unknown): FaultReport {
  const known = error instanceof KeylineError ? error : unexpected(error)
  return { code: known.code, what: known.what, cure: known.cure, origin: known.origin }
}

/** Anything as a KeylineError; what was not foreseen becomes UNEXPECTED with its message. */
export function unexpected(error: unknown): KeylineError {
  if (error instanceof KeylineError) return error
  const message = error instanceof Error ? error.message : String(error)
  return fault('UNEXPECTED', { what: `something unforeseen happened: ${message}`, cause: error })
}

/** The code of a system call's or library's error, as ENOSPC. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** @returns what the command line ends with after this error */
export function exitCode(error: KeylineError): number {
  if (error.origin === 'card') return EXIT.card
  if (error.origin === 'server') return EXIT.refused
  return Object.hasOwn(FAULTS, error.code) ? EXIT[FAULTS[error.code as FaultCode].exit] : EXIT.failed // hasOwn: it is one
}
