import { isIP, isIPv6 } from 'node:net'
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { z } from 'zod'
import { CARD_ID_MAX } from '../wire/limits.ts'
import { LineFormatError } from '../wire/line/cbor.ts'
import { parseCanary, parsePacketAddress } from '../wire/line/packet-address.ts'
import { DIAL_NUMBER } from '../wire/line/ticket.ts'
import { ServerError } from './errors.ts'
import { isWildcard } from './line-port/packet-port.ts'
import { acquirerUrl } from './settlement/acquirer-url.ts'

/** A week: a session that nobody closes must not stand open for ever. */
const LIFETIME_MAX_S = 604_800
/** A day: what a tag holds nobody else can buy. */
const TAG_MAX_M = 1440
/** A year. */
const VALID_MAX_H = 8760
/** As many addresses as a login request is tried with. */
const ADDRESSES_MAX = 8
const MODEMS_MAX = 64
const BACKENDS_MAX = 64

const path = z
  .string('is missing')
  .min(1, 'is missing')
  .max(4096)
  .refine((it) => !it.includes('\0'), 'is no path')
const whole = (unit: string, min: number, max: number, byDefault: string) =>
  z
    .string()
    .regex(/^[0-9]{1,9}$/, `expected ${unit}`)
    .default(byDefault)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `expected ${min}…${max} ${unit}`)
const number = z.string().regex(DIAL_NUMBER, 'expected a telephone number, as +81312345678')
const word = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected letters, digits, dots and hyphens')

/** `host:port` to listen on; host a name, IPv4 or [IPv6]. */
const place = z.string().transform((text, context) => {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})$/.exec(text)
  const port = Number(found?.[3])
  const host = found?.[1] ?? found?.[2]
  if (host !== undefined && port <= 65_535 && (found?.[1] === undefined || isIPv6(host))) return { host, port }
  context.addIssue({ code: 'custom', message: 'expected HOST:PORT' })
  return z.NEVER
})
/** In a private network: an address, as a name may mean another one tomorrow, and not all addresses at once. */
const packetListen = place.refine(
  ({ host }) => isIP(host) !== 0 && !isWildcard(host),
  'expected one address of the private network, not all or a name, and a port',
)
/** The operator names the access point, so that no SIM card's own choice decides. */
const packet = z.string().refine(
  readable((text) => parsePacketAddress(text).apn !== ''),
  'expected [USER:PASSWORD@]APN/HOST:PORT',
)
const canary = z.string().refine(
  readable((text) => parseCanary(text).port > 0),
  'expected ADDRESS:PORT, IPv4',
)

/** `name=host:port`: what a session may reach by CONNECT. */
const backend = z.string().transform((text, context) => {
  const found = /^([a-z0-9-]{1,32})=(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})$/.exec(text)
  const port = Number(found?.[4])
  const host = found?.[2] ?? found?.[3]
  const name = found?.[1]
  if (name !== undefined && host !== undefined && port >= 1 && port <= 65_535) return { name, host, port }
  context.addIssue({ code: 'custom', message: 'expected NAME=HOST:PORT' })
  return z.NEVER
})

/** What a card's button must have allowed: `login`, `pay` or both. */
const requireConsent = z
  .string()
  .regex(/^(?:login|pay|login,pay|pay,login)$/, 'expected login, pay or login,pay')
  .transform((text): ReadonlySet<'login' | 'pay'> => {
    return new Set((['login', 'pay'] as const).filter((it) => text.split(',').includes(it)))
  })

/** Options of every command; `--help` is answered before they are checked. */
export const COMMON = { data: path, json: z.boolean().default(false) }

const BOTH_OR_NONE = [
  ['acquirer', 'acquirer-key'],
  ['certificate', 'certificate-key'],
] as const

export const RUN = z
  .object({
    ...COMMON,
    content: path,
    modem: z.array(path).max(MODEMS_MAX).default([]),
    'sms-modem': z.array(path).max(MODEMS_MAX).default([]),
    number: z.array(number).max(ADDRESSES_MAX).default([]),
    'packet-listen': z.array(packetListen).max(ADDRESSES_MAX).default([]),
    listen: place.default({ host: '127.0.0.1', port: 8443 }),
    'allow-x25519': z.boolean().default(false),
    node: word.default('main'),
    lifetime: whole('seconds', 1, LIFETIME_MAX_S, '3600'),
    'keys-lifetime': whole('seconds', 1, LIFETIME_MAX_S, '86400'),
    backend: z.array(backend).max(BACKENDS_MAX).default([]),
    'require-consent': requireConsent.optional(),
    'tag-minutes': whole('minutes', 1, TAG_MAX_M, '15'),
    acquirer: acquirerUrl.optional(),
    'acquirer-key': path.optional(),
    certificate: path.optional(),
    'certificate-key': path.optional(),
  })
  .superRefine((options, context) => {
    for (const [one, other] of BOTH_OR_NONE) {
      if ((options[one] === undefined) === (options[other] === undefined)) continue
      const missing = options[one] === undefined ? one : other
      context.addIssue({ code: 'custom', path: [missing], message: 'is missing' })
    }
  })
export type RunOptions = z.output<typeof RUN>

export const TICKET = z
  .object({
    ...COMMON,
    number: z.array(number).default([]),
    packet: z.array(packet).default([]),
    sms: z.array(number).default([]),
    canary: canary.optional(),
    internet: z.string('is missing'),
    'valid-hours': whole('hours', 1, VALID_MAX_H, '72'),
  })
  .superRefine((options, context) => {
    const count = options.number.length + options.packet.length + options.sms.length
    const message = count === 0 ? 'is missing, or --packet or --sms' : `expected at most ${ADDRESSES_MAX} addresses`
    if (count < 1 || count > ADDRESSES_MAX) context.addIssue({ code: 'custom', path: ['number'], message })
  })

function readable(holds: (text: string) => boolean): (text: string) => boolean {
  return (text) => {
    try {
      return holds(text)
    } catch (error) {
      if (!(error instanceof LineFormatError)) throw error
      return false
    }
  }
}

/** @throws ServerError USAGE */
export function cardId(text: string): string {
  if (text !== '' && Buffer.byteLength(text) <= CARD_ID_MAX && !/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(text)) {
    return text
  }
  throw new ServerError('USAGE', `expected a CARD-ID of 1…${CARD_ID_MAX} bytes without control characters`)
}

/**
 * Options and words of one command.
 * @param names what the words are, for the message when there are too few or too many
 * @throws ServerError USAGE
 */
export function readOptions<T>(
  schema: z.ZodType<T>,
  options: ParseArgsOptionsConfig,
  names: readonly string[],
  argv: readonly string[],
): { readonly options: T; readonly words: readonly string[] } {
  const { values, positionals } = parse(argv, options)
  if (positionals.length !== names.length) {
    throw new ServerError('USAGE', `expected ${names.join(' ') || 'no words'}, got ${positionals.length}`)
  }
  const checked = schema.safeParse(values)
  if (checked.success) return { options: checked.data, words: positionals }
  const [issue] = checked.error.issues
  throw new ServerError('USAGE', `--${issue?.path[0]?.toString()} ${issue?.message}`)
}

function parse(argv: readonly string[], options: ParseArgsOptionsConfig) {
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: true })
  } catch (cause) {
    // Its message names the argument and what would be right.
    throw new ServerError('USAGE', cause instanceof Error ? cause.message.split('\n')[0] : undefined, cause)
  }
}
