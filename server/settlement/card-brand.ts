/** Issuer identification numbers, first digits from … to (ISO/IEC 7812-1), of the brands that people know by name. */
const RANGES: readonly (readonly [from: number, to: number, brand: string])[] = [
  [4, 4, 'Visa'],
  [51, 55, 'Mastercard'],
  [2221, 2720, 'Mastercard'],
  [34, 34, 'American Express'],
  [37, 37, 'American Express'],
  [3528, 3589, 'JCB'],
  [6011, 6011, 'Discover'],
  [644, 649, 'Discover'],
  [65, 65, 'Discover'],
]

/** What may be kept of a card number: its brand, else `card`, and its last four digits. */
export function cardTraces(cardNumber: string): { readonly brand: string; readonly lastFour: string } {
  const found = RANGES.find(([from, to]) => {
    const prefix = Number(cardNumber.slice(0, String(from).length))
    return prefix >= from && prefix <= to
  })
  return { brand: found?.[2] ?? 'card', lastFour: cardNumber.slice(-4) }
}
