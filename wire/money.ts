const formats = new Map<string, Intl.NumberFormat>()
/** Currencies kept: their names come from outside. */
const FORMATS_MAX = 64

/**
 * An amount as people read it, the same everywhere: EUR 49.90, JPY 4,990.
 * @param amount minor units; how many make a unit is ISO 4217's, as ICU has it
 */
export function money(amount: number, currency: string): string {
  let format = formats.get(currency)
  if (format === undefined) {
    format = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'code' })
    if (formats.size < FORMATS_MAX) formats.set(currency, format)
  }
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2
  return format.format(amount / 10 ** digits).replaceAll('\u00a0', ' ')
}
