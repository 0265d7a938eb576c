import type { PinState } from './pin-state.ts'
import type { Registration } from './registration.ts'
import type { Signal } from './signal.ts'

/** What a modem says by itself, whichever maker's words it uses. */
export type Urc =
  /** A call comes in; `service` as +CRING names it: `REL ASYNC`, `VOICE` (TS 27.007 §6.11). */
  | { readonly type: 'ring'; readonly service: string | undefined }
  | Caller
  /** The call is over, or did not come about; also what a missed or ended voice call says. */
  | { readonly type: 'call-ended'; readonly reason: 'no-carrier' | 'busy' | 'no-answer' | 'no-dialtone' }
  | { readonly type: 'registration'; readonly registration: Registration }
  /** A message lies in the memory at this place; `report` for a status report. */
  | { readonly type: 'sms-stored'; readonly report: boolean; readonly memory: string; readonly index: number }
  /** The next line is the message itself; `length` of its TPDU where it is a PDU. */
  | {
      readonly type: 'sms'
      readonly kind: 'message' | 'report' | 'broadcast'
      readonly length: number | undefined
    }
  /** No more messages fit, or some do again. */
  | { readonly type: 'sms-memory'; readonly full: boolean }
  | { readonly type: 'sim'; readonly state: PinState }
  /** The modem has started: all settings and calls are gone. */
  | { readonly type: 'boot' }
  /** So far it has come since it started. */
  | { readonly type: 'started'; readonly part: 'calls' | 'sms' | 'phone-book' | 'sim' | 'network' }
  /** +CFUN by itself: 0 off, 1 full, 4 radio off. */
  | { readonly type: 'functionality'; readonly level: number }
  /** It goes off; not `asked` when the voltage or the temperature made it. */
  | { readonly type: 'power-down'; readonly asked: boolean }
  | { readonly type: 'power-warning' }
  /** A connection of the modem's own sockets opened; `error` 0 is success, else it is for `explainModemError`. */
  | { readonly type: 'socket-open'; readonly link: number; readonly error: number }
  | { readonly type: 'socket-closed'; readonly link: number; readonly by: 'remote' | 'local' | 'unknown' }
  /** Bytes wait to be read from it. */
  | { readonly type: 'socket-data'; readonly link: number }
  /** The packet connection stands or falls; `error` as of `socket-open`. */
  | { readonly type: 'packet'; readonly open: boolean; readonly context: number | undefined; readonly error: number }
  | { readonly type: 'indicator'; readonly name: string; readonly value: number | undefined }
  | { readonly type: 'ussd'; readonly status: number; readonly text: string | undefined }
  | { readonly type: 'signal'; readonly signal: Signal }
  /** The kind of the connection that follows (+CR, TS 27.007 §6.9). */
  | { readonly type: 'service'; readonly service: string }
  /** Known, and of no use here: network time, names of networks, meters. */
  | { readonly type: 'noise' }
  | { readonly type: 'unknown' }

export interface Caller {
  readonly type: 'caller'
  /** With `+` where international; undefined when there is none to see. */
  readonly number: string | undefined
  /** `withheld` by the caller, `unavailable` where networks meet (TS 27.007 §7.6). Not a proof of identity in any case. */
  readonly validity: 'valid' | 'withheld' | 'unavailable'
}
