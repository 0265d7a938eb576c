import { CONSENT_PURPOSES, type ConsentPurpose } from '../wire/line/consent.ts'
import { CONSENT_RULES, type ConsentPolicy, type ConsentRule, NEVER_ASK } from './card/consent.ts'
import { CardError } from './card/errors.ts'

/** For a board with a button: money and the first call of a session are asked for. */
export const WITH_BUTTON: ConsentPolicy = { login: 'first', enrol: 'never', pay: 'always' }
/** Longest wait for a press, seconds: it is part of the time that a PC waits for a job. */
export const CONSENT_WAIT_MAX_S = 60

/**
 * @param rules `always`, `first`, `never`, or `login:first,pay:always`; what is left out is as the board's default
 * @param wait seconds, 1 … CONSENT_WAIT_MAX_S
 * @throws CardError USAGE; BOARD_PROFILE when somebody must be asked and nobody could answer
 */
export function readConsent(
  rules: string | undefined,
  wait: string,
  hasButton: boolean,
): { readonly policy: ConsentPolicy; readonly waitMs: number } {
  const seconds = /^[1-9][0-9]?$/.test(wait) ? Number(wait) : 0
  if (seconds < 1 || seconds > CONSENT_WAIT_MAX_S) {
    throw new CardError('USAGE', `--consent-wait expected 1…${CONSENT_WAIT_MAX_S} seconds`)
  }
  const policy = readPolicy(rules, hasButton ? WITH_BUTTON : NEVER_ASK)
  if (!hasButton && CONSENT_PURPOSES.some((it) => policy[it] !== 'never')) {
    throw new CardError('BOARD_PROFILE', '--consent asks for a button, and this board has none')
  }
  return { policy, waitMs: seconds * 1000 }
}

function readPolicy(rules: string | undefined, byDefault: ConsentPolicy): ConsentPolicy {
  if (rules === undefined) return byDefault
  const one = ruleOf(rules)
  if (one !== undefined) return { login: one, enrol: one, pay: one }
  const found = new Map<ConsentPurpose, ConsentRule>()
  for (const part of rules.split(',')) {
    const [name, text, ...more] = part.split(':')
    const purpose = CONSENT_PURPOSES.find((it) => it === name)
    const rule = ruleOf(text)
    if (purpose === undefined || rule === undefined || more.length > 0 || found.has(purpose)) {
      throw new CardError('USAGE', '--consent expected always, first or never, or those as in login:first,pay:always')
    }
    found.set(purpose, rule)
  }
  return { ...byDefault, ...Object.fromEntries(found) }
}

function ruleOf(text: string | undefined): ConsentRule | undefined {
  return CONSENT_RULES.find((it) => it === text)
}
