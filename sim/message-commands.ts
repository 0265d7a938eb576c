import type { Command } from './control.ts'
import { addressOf } from './sms-address.ts'
import { packSeptets, toSeptets } from './sms-alphabet.ts'
import { CENTRES, type SmsCentre, type SmsFaults } from './sms-centre.ts'
import { encodeSubmit, type Submit } from './sms-pdu.ts'

/** Who writes if nothing else is wished for. */
const STRANGER = '+819099999999'
const UCS2 = 8

/** The faults that a command asks for, under the names of the centre. */
export function faultsOf(wish: Extract<Command, { do: 'sms' }>): Partial<SmsFaults> {
  const { do: _, delay, jitter, ...others } = wish
  const all = { ...others, delayMs: delay, jitterMs: jitter }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

/** A message from outside. @returns whether there is such a recipient */
export function sendMessage(wish: Extract<Command, { do: 'message' }>, centre: SmsCentre): boolean {
  const from = wish.from ?? STRANGER
  if (!centre.knows(wish.to)) return false
  if (wish.tpdu !== undefined) {
    centre.inject(from, wish.to, Buffer.from(wish.tpdu, 'hex'))
    return true
  }
  const submit = submitOf(wish.text ?? '', wish.to)
  centre.submit({ number: from, shownNumber: from }, CENTRES[0], submit, encodeSubmit(submit))
  return true
}

function submitOf(text: string, to: string): Submit {
  const septets = toSeptets(text)
  const data = septets === undefined ? Buffer.from(text, 'utf16le').swap16() : packSeptets(septets)
  return {
    header: false,
    protocol: 0,
    coding: septets === undefined ? UCS2 : 0,
    length: septets?.length ?? data.length,
    data,
    reference: 0,
    to: addressOf(to),
    reportWanted: false,
    replyPath: false,
    rejectDuplicates: false,
    validity: new Uint8Array(0),
  }
}
