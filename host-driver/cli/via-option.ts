import { fault } from '../errors.ts'
import { type Options, text } from './command.ts'

export const VIA_OPTION = { 'internet-via': { type: 'string' } } as const
export const VIA_HELP = `  --internet-via INTERFACE
                network interface, or its address, that the Internet path must leave by; never another one`

/** @throws KeylineError USAGE */
export function via(options: Options): { readonly internetVia?: string } {
  const given = text(options, 'internet-via')
  if (given === undefined) return {}
  if (given === '' || given.length > 64) throw fault('USAGE', { what: '--internet-via: expected an interface' })
  return { internetVia: given }
}
