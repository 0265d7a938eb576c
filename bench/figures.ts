/** What several rounds gave. */
export interface Figures {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** @throws RangeError of nothing */
export function figures(all: readonly number[]): Figures {
  const sorted = [...all].sort((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  const [min, max] = [sorted[0], sorted.at(-1)]
  if (low === undefined || high === undefined || min === undefined || max === undefined) {
    throw new RangeError('expected at least one round')
  }
  return { median: (low + high) / 2, min, max }
}

/** Round by round: what disturbed one round disturbed both ways in it. @throws RangeError when the rounds do not pair */
export function ratios(ones: readonly number[], others: readonly number[]): Figures {
  if (ones.length !== others.length) throw new RangeError('expected as many rounds of both')
  return figures(ones.map((one, round) => one / (others[round] ?? Number.NaN)))
}

/** `12345 (11000 … 13000)` */
export function inWords({ median, min, max }: Figures, digits: number): string {
  const [middle, from, to] = [median, min, max].map((one) => one.toFixed(digits))
  return `${middle} (${from} … ${to})`
}
