import { z } from 'zod'
import {
  AnswerField,
  ApnField,
  CapacityField,
  ChanceField,
  CmsField,
  CredentialField,
  EndpointField,
  LatencyField,
  LineField,
  NameField,
  NumberField,
  PacketRateField,
  PinField,
  PukField,
  RateField,
  RegistrationField,
  SignalField,
  SpanField,
  TargetField,
  TriesField,
} from './fields.ts'

const allEndpoints = (endpoints: object): boolean =>
  Object.keys(endpoints).every((key) => EndpointField.safeParse(key).success)

const plugging = <T extends 'plug' | 'unplug'>(verb: T) =>
  z
    .strictObject({ do: z.literal(verb), cable: NameField.optional(), modem: NumberField.optional() })
    .refine(({ cable, modem }) => (cable === undefined) !== (modem === undefined), 'expected either cable or modem')

const LINE_COMMANDS = [
  z.strictObject({
    do: z.literal('cut'),
    after: z.int('expected a whole number of bytes').min(0, 'expected 0 bytes or more'),
    direction: z.enum(['up', 'down', 'both'], 'expected up, down or both'),
  }),
  z.strictObject({ do: z.literal('cut-now') }),
  z.strictObject({
    do: z.literal('line'),
    rate: RateField.optional(),
    latency: LatencyField.optional(),
    jitter: LatencyField.optional(),
    corrupt: ChanceField.optional(),
    bitErrors: ChanceField.optional(),
    drop: ChanceField.optional(),
    dropResponse: z.boolean().optional(),
  }),
  z.strictObject({ do: z.literal('divert'), number: NumberField, to: NumberField.optional() }),
] as const

const MODEM_COMMANDS = [
  z.strictObject({ do: z.literal('modem'), number: NumberField, answer: AnswerField }),
  z.strictObject({
    do: z.literal('radio'),
    number: NumberField,
    registration: RegistrationField.optional(),
    signal: SignalField.optional(),
  }),
  z.strictObject({ do: z.literal('fade'), number: NumberField.optional(), ms: SpanField }),
  z.strictObject({ do: z.literal('cell'), number: NumberField.optional(), ms: SpanField }),
  z.strictObject({
    do: z.literal('sim'),
    number: NumberField,
    state: z.enum(['absent', 'present', 'locked', 'swapped'], 'expected absent, present, locked or swapped'),
    /** Number of the other card, and what it has of its own. */
    as: NumberField.optional(),
    pin: PinField.optional(),
    puk: PukField.optional(),
    tries: TriesField.optional(),
    messages: CapacityField.optional(),
  }),
  z.strictObject({
    do: z.literal('reset'),
    number: NumberField,
    downMs: SpanField.optional(),
    midCommand: z.boolean().optional(),
  }),
  z.strictObject({ do: z.literal('power'), number: NumberField, on: z.boolean('expected true or false') }),
  z.strictObject({ do: z.literal('slow'), number: NumberField, ms: SpanField }),
  z.strictObject({
    do: z.literal('storm'),
    number: NumberField,
    count: z.int('expected a whole number').min(1, 'expected 1 to 10000').max(10_000, 'expected 1 to 10000'),
    everyMs: SpanField,
    line: LineField.optional(),
  }),
  z.strictObject({
    do: z.literal('caller-id'),
    number: NumberField,
    /** Empty: withheld. Missing: its own again. */
    shown: z.union([z.literal(''), LineField.max(20, 'expected at most 20 characters')]).optional(),
  }),
] as const

const MESSAGE_COMMANDS = [
  z.strictObject({
    do: z.literal('sms'),
    loss: ChanceField.optional(),
    duplicate: ChanceField.optional(),
    reorder: ChanceField.optional(),
    swap: ChanceField.optional(),
    reportLoss: ChanceField.optional(),
    delay: SpanField.optional(),
    jitter: SpanField.optional(),
    refuse: CmsField.optional(),
  }),
  z
    .strictObject({
      do: z.literal('message'),
      to: NumberField,
      from: LineField.max(20, 'expected at most 20 characters').optional(),
      text: z.string().max(160, 'expected at most 160 characters').optional(),
      /** A whole DELIVER, as it is. */
      tpdu: z
        .string()
        .regex(/^(?:[0-9a-fA-F]{2}){1,200}$/, 'expected hexadecimal digits')
        .optional(),
    })
    .refine(({ text, tpdu }) => (text === undefined) !== (tpdu === undefined), 'expected either text or tpdu'),
] as const

const PACKET_COMMANDS = [
  z.strictObject({
    do: z.literal('apn'),
    name: ApnField,
    endpoints: z.record(z.string(), TargetField).refine(allEndpoints, 'expected ADDRESS:PORT').optional(),
    internet: z.union([z.boolean(), TargetField], 'expected true, false or HOST:PORT').optional(),
    user: CredentialField.optional(),
    password: CredentialField.optional(),
    rate: PacketRateField.optional(),
    latency: LatencyField.optional(),
    jitter: LatencyField.optional(),
    via: z.union([z.ipv4(), z.ipv6()], 'expected an address of this machine').optional(),
    refuse: z.boolean().optional(),
  }),
  z.strictObject({
    do: z.literal('packet'),
    number: NumberField,
    drop: z.enum(['socket', 'context', 'registration'], 'expected socket, context or registration'),
  }),
] as const

export const CommandSchema = z.discriminatedUnion('do', [
  ...LINE_COMMANDS,
  ...MODEM_COMMANDS,
  ...MESSAGE_COMMANDS,
  ...PACKET_COMMANDS,
  plugging('plug'),
  plugging('unplug'),
  z.strictObject({
    do: z.literal('relay'),
    name: NameField,
    target: TargetField.optional(),
    tamper: ChanceField.optional(),
    refuse: z.boolean().optional(),
  }),
  z.strictObject({ do: z.literal('stop') }),
])
