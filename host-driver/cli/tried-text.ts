import type { TriedBearer } from '../../wire/usb/methods.ts'

/** Which kind of line did it and what it cost; before it, why the others did not do, for whoever pays for them. */
export function sayTried(tried: readonly TriedBearer[]): string {
  const last = tried.at(-1)
  if (last === undefined) return 'The card did not say by which line.'
  const cost =
    last.bearer === 'sms'
      ? `${last.messagesUp} + ${last.messagesDown} messages`
      : `${last.bytesUp} + ${last.bytesDown} B`
  const failed = tried.slice(0, -1).map(({ bearer, code, ms }) => `${bearer} (${code ?? 'no code'}, ${seconds(ms)})`)
  const before = failed.length === 0 ? '' : ` Tried before: ${failed.join(', ')}.`
  return `Line: ${last.bearer}, ${seconds(last.ms)}, ${cost}.${before}`
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`
