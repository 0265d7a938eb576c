/** Fractions in [0, 1). */
export type Chance = () => number

/**
 * The same fractions for the same seed and name, so that each wire of each call has its own row and a run can be repeated
 * however its calls interleave. For impairments, never for keys.
 *
 * @param name what the fractions are for, e.g. `call-3-up`
 */
export function chanceOf(seed: number, name: string): Chance {
  // FNV-1a, so that similar names start far apart.
  let state = 0x811c9dc5 ^ seed
  for (const char of name) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193)
  // mulberry32
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A copy in which each byte has had one of its bits turned over with the given probability. */
export function flipBits(bytes: Uint8Array, probability: number, chance: Chance): Uint8Array {
  if (probability <= 0) return bytes
  return bytes.map((byte) => (chance() < probability ? byte ^ (1 << Math.floor(chance() * 8)) : byte))
}

/** A copy in which each bit has been turned over with the given probability. */
export function flipEachBit(bytes: Uint8Array, probability: number, chance: Chance): Uint8Array {
  if (probability <= 0) return bytes
  return bytes.map((byte) => {
    let flipped = byte
    for (let bit = 1; bit < 256; bit <<= 1) if (chance() < probability) flipped ^= bit
    return flipped
  })
}
