import type { PacketModem } from '../../line/bearers/packet-modem.ts'
import type { SmsUnit } from '../../line/bearers/sms-unit.ts'
import type { Modem } from '../../line/modem/modem.ts'
import { parseCanary, parsePacketAddress } from '../../wire/line/packet-address.ts'
import type { Check } from '../../wire/usb/methods.ts'
import { problem } from './errors.ts'
import type { EnrolledAddress } from './phone-book.ts'

interface Parts {
  readonly modem: Modem
  readonly packets: PacketModem
  readonly messages: SmsUnit
}

/** A network is waited for so long, milliseconds. */
const REGISTER_MS = 20_000
/** Weaker than this, calls break off, dBm. */
const WEAK_DBM = -105
const RECEPTION = 'check the antenna and the reception'

/** What a call needs, looked at one after the other; nobody is called. @param addresses undefined while the card is locked */
export async function checkLine(
  parts: Parts,
  addresses: readonly EnrolledAddress[] | undefined,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  const { modem } = parts
  const { name = 'unknown', sim, registration, operator, signalDbm } = modem.status()
  const checks: Check[] = [{ name: 'modem', verdict: 'ok', what: `${modem.path}: ${name}` }]
  if (modem.profile.cellular) {
    checks.push({ name: 'SIM card', verdict: 'ok', what: sim })
    const found = registration === 'home' || registration === 'roaming'
    const where = operator === undefined ? '' : ` at ${operator}`
    checks.push({
      name: 'network',
      verdict: found ? 'ok' : 'failed',
      what: `${registration ?? 'unknown'}${where}`,
      ...(!found && { cure: `${RECEPTION}, and that the SIM card may be used here` }),
    })
    if (signalDbm !== undefined) {
      const weak = signalDbm < WEAK_DBM
      checks.push({
        name: 'signal',
        verdict: weak ? 'failed' : 'ok',
        what: `${signalDbm} dBm`,
        ...(weak && { cure: RECEPTION }),
      })
    }
  }
  if (addresses === undefined) {
    const { what, cure } = problem('CARD_PIN_NEEDED')
    checks.push({ name: 'bearers', verdict: 'unproved', what: `${what}, and does not say where it calls`, cure })
    return checks
  }
  if (addresses.length === 0) {
    const what = 'the card is not enrolled, or for none of its bearers'
    checks.push({ name: 'bearers', verdict: 'unproved', what, cure: 'enrol it with a ticket of the operator' })
  }
  for (const address of addresses) if (!signal.aborted) checks.push(await bearer(parts, address, signal))
  return checks
}

async function bearer(parts: Parts, address: EnrolledAddress, signal: AbortSignal): Promise<Check> {
  const { modem } = parts
  const { bearer: name, address: to } = address
  const registered = await modem.registered(name, REGISTER_MS, signal)
  if (!registered.ok) {
    const cure = `${RECEPTION}, and with the operator of the network that this SIM card may do so`
    return { name, verdict: 'failed', what: `the network does not offer it: ${registered.state}`, cure }
  }
  if (name === 'packet') return await packet(parts, address, signal)
  if (name === 'sms') {
    const ready = await parts.messages.ready()
    if (ready.ok) return { name, verdict: 'ok', what: `messages to ${to} can be sent and received` }
    return { name, verdict: 'failed', what: ready.detail, cure: 'use a modem that sends and receives messages' }
  }
  const { call, missing = '' } = modem.profile
  if (call !== undefined) return { name, verdict: 'ok', what: `${to} can be dialled` }
  return { name, verdict: 'failed', what: missing, cure: 'use another bearer, or a modem that makes data calls' }
}

/** That its network is not the Internet is shown by not reaching the canary. */
async function packet({ packets }: Parts, { address, canary }: EnrolledAddress, signal: AbortSignal): Promise<Check> {
  const name = 'packet'
  const target = parsePacketAddress(address)
  const network = target.apn === '' ? 'the network of the SIM card' : target.apn
  const result = await packets.prove(target, canary === undefined ? undefined : parseCanary(canary), signal)
  if (!result.ok && result.reason === 'internet') {
    const cure = 'tell the operator: this access point must not be used as the line'
    return { name, verdict: 'failed', what: `${network} reaches the Internet: ${result.detail}`, cure }
  }
  if (!result.ok) {
    return {
      name,
      verdict: 'failed',
      what: result.detail,
      cure: 'check with the operator the access point and its user',
    }
  }
  if (canary === undefined) {
    const cure = 'ask the operator for a ticket that names an Internet canary'
    return { name, verdict: 'unproved', what: `${network} is entered; that it is not the Internet is not proved`, cure }
  }
  return { name, verdict: 'ok', what: `${network} is entered, and does not reach ${canary} on the Internet` }
}
