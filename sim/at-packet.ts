import { type Commands, cme, type Extended, flag, INCORRECT, wholeIn } from './at-command.ts'
import type { ModemView, Step } from './at-step.ts'
import { CONTEXTS_MAX, type Context, type Denied } from './packet-unit.ts'

/** TS 27.007 §9.2. */
const DENIED: Readonly<Record<Denied, number>> = {
  'not-defined': 50,
  detached: 148,
  'unknown-apn': 133,
  'wrong-password': 149,
  refused: 148,
}
const APN = /^[A-Za-z0-9.-]{0,99}$/
const EMPTY: Context = { type: 'IP', apn: '', user: '', password: '', auth: 0 }

export function contextNumber(text: string | undefined): number | undefined {
  return wholeIn(text, 1, CONTEXTS_MAX)
}

/** What is known of a context, or one to be filled. */
export function contextOf(cid: number, { packet }: ModemView): Context {
  return packet.context(cid) ?? EMPTY
}

export function isApn(text: string): boolean {
  return APN.test(text)
}

/** A context is activated; what follows depends on who asked. */
export function activating(cid: number, view: ModemView, then: (denied: Denied | undefined) => Step): Step {
  return { end: { type: 'wait', start: (done) => view.packet.activate(cid, (denied) => done(then(denied))) } }
}

/** +CGDCONT (TS 27.007 §10.1.1): only the number deletes it. What is active stays as it is until it is activated again. */
const DEFINE: Extended = {
  test: `(1-${CONTEXTS_MAX}),"IP",,,(0),(0)`,
  read: (_, view) => {
    const lines = view.packet.contexts.map(([cid, { type, apn }]) => {
      return `+CGDCONT: ${cid},"${type}","${apn}","${view.packet.address(cid) ?? '0.0.0.0'}",0,0`
    })
    return { info: lines.length === 0 ? [] : [lines.join('\r\n')] }
  },
  set: ([number, type, apn = '', , ...more], _, view) => {
    const cid = contextNumber(number)
    if (
      cid === undefined ||
      (type !== undefined && type !== 'IP' && type !== 'IPV4V6') ||
      !isApn(apn) ||
      more.length > 4
    )
      return INCORRECT
    view.packet.define(cid, type === undefined ? undefined : { ...contextOf(cid, view), apn })
    return {}
  },
}

/** +CGAUTH (TS 27.007 §10.1.31): user before password, but SIMCom has it the other way round. */
const AUTHENTICATE: Extended = {
  test: `(1-${CONTEXTS_MAX}),(0-2),64,64`,
  read: (_, view) => {
    const lines = view.packet.contexts.map(([cid, { auth, user }]) => `+CGAUTH: ${cid},${auth},"${user}"`)
    return { info: lines.length === 0 ? [] : [lines.join('\r\n')] }
  },
  set: ([number, type = '0', first = '', second = '', ...more], _, view) => {
    const cid = contextNumber(number)
    const auth = wholeIn(type, 0, 2)
    if (cid === undefined || auth === undefined || first.length > 64 || second.length > 64 || more.length > 0)
      return INCORRECT
    const [user, password] = view.profile === 'simcom' ? [second, first] : [first, second]
    view.packet.define(cid, {
      ...contextOf(cid, view),
      auth,
      ...(auth === 0 ? { user: '', password: '' } : { user, password }),
    })
    return {}
  },
}

const ATTACH: Extended = {
  test: '(0,1)',
  read: (_, { packet }) => (packet.attached ? '1' : '0'),
  set: ([wanted, ...more], _, view) => {
    const on = wholeIn(wanted, 0, 1)
    if (on === undefined || more.length > 0) return INCORRECT
    view.packet.attach(on === 1)
    return on === 1 && !view.packet.attached ? cme(30) : {}
  },
}

/** +CGACT (TS 27.007 §10.1.10): of one context, or of all. */
const ACTIVATE: Extended = {
  test: '(0,1)',
  read: (_, { packet }) => {
    const lines = packet.contexts.map(([cid]) => `+CGACT: ${cid},${packet.address(cid) === undefined ? 0 : 1}`)
    return { info: lines.length === 0 ? [] : [lines.join('\r\n')] }
  },
  set: ([wanted, number, ...more], _, view) => {
    const on = wholeIn(wanted, 0, 1)
    const cid = number === undefined ? view.packet.contexts[0]?.[0] : contextNumber(number)
    if (on === undefined || more.length > 0) return INCORRECT
    if (on === 0) {
      for (const [each] of view.packet.contexts) if (number === undefined || each === cid) view.packet.deactivate(each)
      return {}
    }
    if (cid === undefined) return INCORRECT
    return activating(cid, view, (denied) => (denied === undefined ? {} : cme(DENIED[denied])))
  },
}

const ADDRESS: Extended = {
  test: ({ packet }) => `(${packet.contexts.map(([cid]) => cid).join(',')})`,
  run: (_, view) =>
    addresses(
      view,
      view.packet.contexts.map(([cid]) => cid),
    ),
  set: (args, _, view) => {
    const cids = args.map(contextNumber)
    return cids.every((cid) => cid !== undefined) ? addresses(view, cids) : INCORRECT
  },
}

function addresses({ packet }: ModemView, cids: readonly number[]): Step {
  const lines = cids.map((cid) => {
    const address = packet.address(cid)
    return `+CGPADDR: ${cid}${address === undefined ? '' : `,"${address}"`}`
  })
  return { info: lines.length === 0 ? [] : [lines.join('\r\n')] }
}

/** +CGCONTRDP (TS 27.007 §10.1.23): what the network gave to the contexts that are active. */
const GIVEN: Extended = {
  test: ({ packet }) =>
    `(${packet.contexts.flatMap(([cid]) => (packet.address(cid) === undefined ? [] : [cid])).join(',')})`,
  run: (_, view) => given(view, undefined),
  set: ([number], _, view) => given(view, contextNumber(number) ?? 0),
}

function given({ packet }: ModemView, wanted: number | undefined): Step {
  const lines = packet.contexts.flatMap(([cid, { apn }]) => {
    const address = packet.address(cid)
    if (address === undefined || (wanted !== undefined && wanted !== cid)) return []
    return [`+CGCONTRDP: ${cid},5,"${apn}","${address}.255.0.0.0","10.64.0.1"`]
  })
  return { info: lines.length === 0 ? [] : [lines.join('\r\n')] }
}

/** Contexts of packet data (TS 27.007 §10). */
export const PACKET: Commands = {
  '+CGDCONT': DEFINE,
  '+CGAUTH': AUTHENTICATE,
  '+CGATT': ATTACH,
  '+CGACT': ACTIVATE,
  '+CGPADDR': ADDRESS,
  '+CGCONTRDP': GIVEN,
  '+CGEREP': {
    ...flag('cgerep', 2),
    test: '(0-2),(0,1)',
    read: ({ cgerep }) => `${cgerep},0`,
    set: ([mode, buffer = '0', ...more]) => {
      const cgerep = wholeIn(mode, 0, 2)
      return cgerep === undefined || wholeIn(buffer, 0, 1) === undefined || more.length > 0
        ? INCORRECT
        : { set: { cgerep } }
    },
  },
}
