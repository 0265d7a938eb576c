import { type Commands, cms, type Extended, wholeIn } from './at-command.ts'
import type { Settings } from './at-settings.ts'
import type { ModemView, Step } from './at-step.ts'
import { addressOf, decodeCentre } from './sms-address.ts'
import { decodeDeliver, decodeSubmit, encodeSubmit, type Submit } from './sms-pdu.ts'
import { formOf, listedMessage, readStatus, STATUS_NAMES, shownMessage } from './sms-show.ts'
import type { MessageStatus, MessageStore, StoredMessage } from './sms-store.ts'
import { addressFromTerminal, octets, typedData } from './sms-text.ts'

/** +CMS ERROR (TS 27.005 §3.2.5). */
const NO_CARD = 310
const INVALID_PDU = 304
const INVALID_TEXT = 305
const INVALID_INDEX = 321
const MEMORY_FULL = 322

/** Octets of a TPDU (TS 27.005 §4, <length>). */
const TPDU_MAX = 164
const NUMBER = /^\+?[0-9*#]{1,20}$/

function memoryOf(which: 0 | 1, { memories }: Settings, { sms }: ModemView): MessageStore | undefined {
  return sms.memory(memories[which] ?? 'SM')
}

/** What was typed at the prompt of PDU mode: centre, TPDU, and its length as it was announced. */
function typedPdu(typed: string, length: number): Pick<StoredMessage, 'centre' | 'tpdu'> | undefined {
  const bytes = octets(typed)
  const centre = bytes && decodeCentre(bytes)
  if (bytes === undefined || centre === undefined) return undefined
  const tpdu = bytes.subarray(centre.next)
  return tpdu.length === length ? { centre: centre.number, tpdu } : undefined
}

/** A message of text mode, with what +CSMP says. */
function typedText(typed: string, number: string, { csmp, charset }: Settings): Uint8Array | undefined {
  const [first = 17, period = 167, protocol = 0, coding = 0] = csmp
  // Programs end lines with CR alone, as a terminal's key does.
  const header = (first & 0x40) !== 0
  const content = typedData(typed.replaceAll(/\r\n?/g, '\n'), { header, coding }, charset)
  if (content === undefined) return undefined
  const submit: Submit = {
    ...content,
    header,
    protocol,
    coding,
    reference: 0,
    to: addressOf(number),
    reportWanted: (first & 0x20) !== 0,
    replyPath: (first & 0x80) !== 0,
    rejectDuplicates: (first & 0x04) !== 0,
    validity: (first & 0x18) === 0 ? new Uint8Array(0) : Uint8Array.of(period),
  }
  const tpdu = encodeSubmit(submit)
  return decodeSubmit(tpdu) === undefined ? undefined : tpdu
}

/** Hands a message in; the result comes when the network has it. */
function submitted(name: string, centre: string, tpdu: Uint8Array, view: ModemView, sent: () => void = () => {}): Step {
  if (decodeSubmit(tpdu) === undefined) return cms(INVALID_PDU)
  return {
    end: {
      type: 'wait',
      start: (done) =>
        view.sms.submit(centre, tpdu, (result) => {
          if ('cms' in result) return done(cms(result.cms))
          sent()
          done({ info: [`${name}: ${result.mr}`] })
        }),
    },
  }
}

/** +CMGS (TS 27.005 §3.5.1, §4.3). */
const SEND: Extended = {
  set: (args, settings, view) => {
    if (settings.cmgf === 0) {
      const length = args.length === 1 ? wholeIn(args[0], 1, TPDU_MAX) : undefined
      if (length === undefined) return cms(INVALID_PDU)
      return prompt(false, (typed) => {
        const pdu = typedPdu(typed, length)
        return pdu === undefined ? cms(INVALID_PDU) : submitted('+CMGS', pdu.centre, pdu.tpdu, view)
      })
    }
    const number = numberOf(args, settings)
    if (number === undefined || args.length > 2) return cms(INVALID_TEXT)
    return prompt(true, (typed) => {
      const tpdu = typedText(typed, number, settings)
      return tpdu === undefined ? cms(INVALID_TEXT) : submitted('+CMGS', '', tpdu, view)
    })
  },
}

/** +CMGW (TS 27.005 §3.5.3, §4.4). */
const STORE: Extended = {
  run: (settings, view) => (settings.cmgf === 0 ? cms(INVALID_PDU) : storeText('', 2, settings, view)),
  set: (args, settings, view) => {
    if (settings.cmgf === 1) {
      const number = args[0] === undefined || args[0] === '' ? '' : numberOf(args, settings)
      const status = readStatus(args[2] ?? STATUS_NAMES[2], { text: true })
      if (number === undefined || status === undefined || status === 'all' || args.length > 3) return cms(INVALID_TEXT)
      return storeText(number, status, settings, view)
    }
    const length = wholeIn(args[0], 1, TPDU_MAX)
    const status = readStatus(args[1] ?? '2', { text: false })
    if (length === undefined || status === undefined || status === 'all' || args.length > 2) return cms(INVALID_PDU)
    return prompt(false, (typed) => {
      const pdu = typedPdu(typed, length)
      const known = pdu && (decodeSubmit(pdu.tpdu) ?? decodeDeliver(pdu.tpdu))
      return pdu === undefined || known === undefined ? cms(INVALID_PDU) : stored({ ...pdu, status }, settings, view)
    })
  },
}

function storeText(number: string, status: MessageStatus, settings: Settings, view: ModemView): Step {
  return prompt(true, (typed) => {
    const tpdu = typedText(typed, number, settings)
    return tpdu === undefined ? cms(INVALID_TEXT) : stored({ centre: '', tpdu, status }, settings, view)
  })
}

function stored(message: StoredMessage, settings: Settings, view: ModemView): Step {
  const memory = memoryOf(1, settings, view)
  if (memory === undefined) return cms(NO_CARD)
  const index = memory.add(message)
  return index === undefined ? cms(MEMORY_FULL) : { info: [`+CMGW: ${index}`] }
}

/** +CMSS (TS 27.005 §3.5.2): what is stored, to its recipient or to another one. */
const SEND_STORED: Extended = {
  set: (args, settings, view) => {
    const memory = memoryOf(1, settings, view)
    const index = wholeIn(args[0], 1, memory?.capacity ?? 0)
    const message = index === undefined ? undefined : memory?.get(index)
    const submit = message && decodeSubmit(message.tpdu)
    if (memory === undefined || index === undefined || submit === undefined) return cms(INVALID_INDEX)
    const number = args[1] === undefined ? submit.to.text : numberOf(args.slice(1), settings)
    if (number === undefined || !NUMBER.test(number) || args.length > 3) return cms(INVALID_TEXT)
    const tpdu = encodeSubmit({ ...submit, to: addressOf(number) })
    return submitted('+CMSS', message?.centre ?? '', tpdu, view, () => memory.mark(index, 3))
  },
}

/** +CMGR (TS 27.005 §3.4.3, §4.2): an empty place shows nothing. */
const READ: Extended = {
  set: ([place, ...more], settings, view) => {
    const memory = memoryOf(0, settings, view)
    const index = wholeIn(place, 1, memory?.capacity ?? 0)
    if (memory === undefined || index === undefined || more.length > 0) return cms(INVALID_INDEX)
    const message = memory.get(index)
    if (message === undefined) return {}
    if (message.status === 0) memory.mark(index, 1)
    return { info: [`+CMGR: ${shownMessage(message, formOf(settings))}`] }
  },
}

/** +CMGL (TS 27.005 §3.4.2, §4.1): unread ones if nothing is said; what is listed is read. */
const LIST: Extended = {
  test: (_, { cmgf }) => (cmgf === 1 ? `(${[...STATUS_NAMES, 'ALL'].map((name) => `"${name}"`).join(',')})` : '(0-4)'),
  run: (settings, view) => list(0, settings, view),
  set: ([which = '', ...more], settings, view) => {
    const status = readStatus(which, formOf(settings))
    if (status === undefined || more.length > 0) return cms(settings.cmgf === 1 ? INVALID_TEXT : INVALID_PDU)
    return list(status, settings, view)
  },
}

function list(wanted: MessageStatus | 'all', settings: Settings, view: ModemView): Step {
  const memory = memoryOf(0, settings, view)
  const form = formOf(settings)
  const found = (memory?.entries() ?? []).filter(([, { status }]) => wanted === 'all' || status === wanted)
  // One piece of information: blank lines between the messages would be taken for parts of them.
  const lines = found.map(([index, message]) => `+CMGL: ${listedMessage(index, message, form)}`)
  for (const [index, { status }] of found) if (status === 0) memory?.mark(index, 1)
  return lines.length === 0 ? {} : { info: [lines.join('\r\n')] }
}

/** Which ones +CMGD deletes besides: 1 read, 2 and sent, 3 and unsent, 4 all (TS 27.005 §3.5.4). */
const DELETED: readonly (readonly MessageStatus[])[] = [[], [1], [1, 3], [1, 3, 2], [0, 1, 2, 3]]

const DELETE: Extended = {
  test: (view, settings) => {
    const indices =
      memoryOf(0, settings, view)
        ?.entries()
        .map(([index]) => index) ?? []
    return `(${indices.join(',')}),(0-4)`
  },
  set: ([place, more = '0', ...rest], settings, view) => {
    const memory = memoryOf(0, settings, view)
    const flag = wholeIn(more, 0, 4)
    // With a flag the index does not count: programs give 0 or 1.
    const index = wholeIn(place, flag === 0 ? 1 : 0, memory?.capacity ?? 0)
    if (memory === undefined || flag === undefined || index === undefined || rest.length > 0) return cms(INVALID_INDEX)
    if (flag === 0) memory.delete(index)
    for (const [at, { status }] of memory.entries()) if (DELETED[flag]?.includes(status)) memory.delete(at)
    return { later: () => view.sms.freed() }
  },
}

function numberOf([text = '']: readonly string[], { charset }: Settings): string | undefined {
  const number = addressFromTerminal(text, charset)
  return NUMBER.test(number) ? number : undefined
}

function prompt(lines: boolean, take: (typed: string) => Step): Step {
  return { end: { type: 'prompt', lines, take } }
}

/** Messages themselves (TS 27.005 §3.4, §3.5, §4). */
export const MESSAGES: Commands = {
  '+CMGS': SEND,
  '+CMGW': STORE,
  '+CMSS': SEND_STORED,
  '+CMGR': READ,
  '+CMGL': LIST,
  '+CMGD': DELETE,
}
