/** Tokens of the Noise specification §7.1 and §9.3. */
export type Token = 'e' | 's' | 'ee' | 'es' | 'se' | 'ss' | 'psk'

export interface Pattern {
  /** Pre-message public keys, initiator's then responder's (§7.1). */
  readonly pre: readonly [initiator: boolean, responder: boolean]
  readonly messages: readonly (readonly Token[])[]
}

/** §7.4, §7.5 and the deferred patterns of §7.6: `pre-messages: message, message …`. */
const BASE: Readonly<Record<string, string>> = {
  N: '-s: e es',
  K: 'ss: e es ss',
  X: '-s: e es s ss',
  NN: '--: e, e ee',
  NK: '-s: e es, e ee',
  NX: '--: e, e ee s es',
  XN: '--: e, e ee, s se',
  XK: '-s: e es, e ee, s se',
  XX: '--: e, e ee s es, s se',
  KN: 's-: e, e ee se',
  KK: 'ss: e es ss, e ee se',
  KX: 's-: e, e ee se s es',
  IN: '--: e s, e ee se',
  IK: '-s: e es s ss, e ee se',
  IX: '--: e s, e ee se s es',
  NK1: '-s: e, e ee es',
  NX1: '--: e, e ee s, es',
  X1N: '--: e, e ee, s, se',
  X1K: '-s: e es, e ee, s, se',
  XK1: '-s: e, e ee es, s se',
  X1K1: '-s: e, e ee es, s, se',
  X1X: '--: e, e ee s es, s, se',
  XX1: '--: e, e ee s, es s se',
  X1X1: '--: e, e ee s, es s, se',
  K1N: 's-: e, e ee, se',
  K1K: 'ss: e es, e ee, se',
  KK1: 'ss: e, e ee se es',
  K1K1: 'ss: e, e ee es, se',
  K1X: 's-: e, e ee s es, se',
  KX1: 's-: e, e ee se s, es',
  K1X1: 's-: e, e ee s, se es',
  I1N: '--: e s, e ee, se',
  I1K: '-s: e es s, e ee, se',
  IK1: '-s: e s, e ee se es',
  I1K1: '-s: e s, e ee es, se',
  I1X: '--: e s, e ee s es, se',
  IX1: '--: e s, e ee se s, es',
  I1X1: '--: e s, e ee s, se es',
}

// The grammar of the table above: only Token words are ever written in it.
const words = (text: string): Token[] => text.trim().split(' ') as Token[]

/**
 * A handshake pattern by its name in the protocol name, such as `KKpsk0`.
 * @throws RangeError for an unknown pattern or modifier
 */
export function pattern(name: string): Pattern {
  const match = /^([A-Z0-9]+?)(?:psk([0-9]))?$/.exec(name)
  const row = match?.[1] === undefined ? undefined : BASE[match[1]]
  if (row === undefined) throw new RangeError(`expected a Noise pattern such as KKpsk0, got ${name}`)
  const [pre = '', body = ''] = row.split(':')
  const messages = body.split(',').map(words)
  if (match?.[2] !== undefined) {
    const at = Number(match[2])
    const message = messages[Math.max(0, at - 1)]
    if (message === undefined) throw new RangeError(`expected psk0…psk${messages.length}, got ${name}`)
    // §9.2: psk0 stands before the first message's tokens, pskN after the Nth message's.
    if (at === 0) message.unshift('psk')
    else message.push('psk')
  }
  return { pre: [pre[0] === 's', pre[1] === 's'], messages }
}
