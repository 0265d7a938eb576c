import type { Settings } from './at-settings.ts'
import type { ModemView, Step } from './at-step.ts'

/** One extended command; a form that is missing is refused. A test form always answers. */
export interface Extended {
  /** What `=?` shows after the name; without it only OK. */
  readonly test?: string | ((view: ModemView, settings: Settings) => string)
  readonly read?: (settings: Settings, view: ModemView) => string | Step
  readonly run?: (settings: Settings, view: ModemView) => Step
  readonly set?: (args: readonly string[], settings: Settings, view: ModemView) => Step
  /** It works without a card, or before its PIN. */
  readonly always?: true
}

export type Commands = Readonly<Record<string, Extended>>

/** TS 27.007 §9.2. */
export const NOT_ALLOWED: Step = { end: { type: 'cme', cme: 3 } }
export const NOT_SUPPORTED: Step = { end: { type: 'cme', cme: 4 } }
export const INCORRECT: Step = { end: { type: 'cme', cme: 50 } }
export const UNKNOWN: Step = { end: { type: 'cme', cme: 100 } }
export const ERROR: Step = { end: { type: 'error' } }

export function cme(code: number): Step {
  return { end: { type: 'cme', cme: code } }
}

export function cms(code: number): Step {
  return { end: { type: 'cms', cms: code } }
}

/** @param key a number among the settings */
export function flag(
  key: keyof Settings,
  max: number,
  shown?: (value: string, settings: Settings, view: ModemView) => string,
): Extended {
  return {
    test: max === 1 ? '(0,1)' : `(0-${max})`,
    read: (settings, view) => shown?.(String(settings[key]), settings, view) ?? String(settings[key]),
    set: ([value = '', ...more]) =>
      wholeUpTo(value, max) && more.length === 0 ? { set: { [key]: Number(value) } } : INCORRECT,
    always: true,
  }
}

export const says = (line: (view: ModemView) => string): Extended => ({ run: (_, view) => ({ info: [line(view)] }) })
export const always = (command: Extended): Extended => ({ ...command, always: true })

/** One setting there is: it can be asked for and set to itself. */
export const fixed = (value: string, test = `(${value})`): Extended => ({
  test,
  read: () => value,
  set: (args) => (args.join(',') === value ? {} : NOT_SUPPORTED),
  always: true,
})

/** Taken within its range, without any effect here. @param max of each argument */
export const ignored = (test: string, ...max: readonly number[]): Extended => ({
  test,
  set: (args) => (args.length <= max.length && args.every((arg, at) => wholeUpTo(arg, max[at] ?? 0)) ? {} : INCORRECT),
})

/**
 * Kept and shown, without any other effect here.
 * @param values in the beginning @param most of each; arguments left out stay
 */
export const kept = (name: string, test: string, values: readonly number[], most = values): Extended => ({
  test,
  read: (settings) => (settings.kept[name] ?? values).join(','),
  set: (args, settings) => {
    const right = args.length <= most.length && args.every((arg, at) => arg === '' || wholeUpTo(arg, most[at] ?? 0))
    if (!right || args.every((arg) => arg === '')) return INCORRECT
    const now = settings.kept[name] ?? values
    const next = now.map((value, at) => (args[at] === undefined || args[at] === '' ? value : Number(args[at])))
    return { set: { kept: { ...settings.kept, [name]: next } } }
  },
  always: true,
})

export function wholeUpTo(text: string | undefined, max: number): boolean {
  return text !== undefined && /^\d{1,9}$/.test(text) && Number(text) <= max
}

/** A whole number within bounds. */
export function wholeIn(text: string | undefined, min: number, max: number): number | undefined {
  return wholeUpTo(text, max) && Number(text) >= min ? Number(text) : undefined
}
