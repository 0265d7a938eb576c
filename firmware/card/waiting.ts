import type { Clock } from '../../line/clock.ts'

/** @returns what the promise gives, or undefined when `ms` milliseconds passed first. Its later rejection is nobody's any more. */
export async function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>()
  const cancel = clock.after(ms, () => late.resolve(undefined))
  promise.catch(() => {})
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    cancel()
  }
}

/** As `within`, but the time runs only from the moment at which `signal` says so. */
export async function withinAfter<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  promise: Promise<T>,
): Promise<T | undefined> {
  const aborted = untilAborted(signal)
  promise.catch(() => {})
  try {
    const first = await Promise.race([promise.then((value) => ({ value })), aborted.promise])
    return first !== undefined ? first.value : await within(clock, ms, promise)
  } finally {
    aborted.stop()
  }
}

/** Resolves after `ms` milliseconds, or at once when `signal` says so. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const aborted = untilAborted(signal)
  await within(clock, ms, aborted.promise)
  aborted.stop()
}

function untilAborted(signal: AbortSignal): { readonly promise: Promise<undefined>; readonly stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const abort = (): void => resolve(undefined)
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  return { promise, stop: () => signal.removeEventListener('abort', abort) }
}
