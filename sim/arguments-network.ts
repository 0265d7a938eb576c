import { z } from 'zod'
import { field, fraction, invalid, settingsIn, whole } from './arguments-fields.ts'
import {
  AnswerField,
  ApnField,
  CapacityField,
  ChanceField,
  CmsField,
  CredentialField,
  EndpointField,
  LatencyField,
  NumberField,
  PacketRateField,
  PinField,
  ProfileField,
  PukField,
  RateField,
  SpanField,
  TargetField,
  TriesField,
} from './fields.ts'
import type { Answer } from './modem-calls.ts'
import type { ModemOptions } from './modem-options.ts'
import { type ApnOptions, NEW_APN } from './packet-network.ts'
import type { SimOptions } from './sim-card.ts'
import type { SmsFaults } from './sms-centre.ts'
import type { LineSpeed } from './wire.ts'
import type { WorldOptions } from './world-options.ts'

type Wanted = WorldOptions['modems'][number]
/** Fields that are filled one by one. */
type Draft<T> = { -readonly [K in keyof T]: T[K] }

/** `NUMBER[,key=value]…`. @throws SimError ARGUMENT_INVALID */
export function readModem(text: string, defaults: LineSpeed): Wanted {
  const [number = '', ...rest] = text.split(',')
  const speed: Draft<LineSpeed> = { ...defaults }
  let answer: Answer = 'normal'
  const options: Draft<ModemOptions> = {}
  const sim: Draft<SimOptions> = {}
  for (const [key, value] of settingsIn(rest)) {
    const where = `--modem ${number}, ${key}`
    if (key === 'rate') speed.rate = field(where, RateField, whole(value))
    else if (key === 'latency') speed.latencyMs = field(where, LatencyField, whole(value))
    else if (key === 'answer') answer = field(where, AnswerField, value)
    else if (key === 'profile') options.profile = field(where, ProfileField, value)
    else if (key === 'store') options.messages = field(where, CapacityField, whole(value))
    else if (key === 'pin') sim.pin = field(where, PinField, value)
    else if (key === 'puk') sim.puk = field(where, PukField, value)
    else if (key === 'tries') sim.tries = field(where, TriesField, whole(value))
    else if (key === 'sim-store') sim.messages = field(where, CapacityField, whole(value))
    else if (key === 'sim') options.noSim = field(where, z.literal('absent', 'expected absent'), value) === 'absent'
    else
      throw invalid(
        `--modem ${number}: expected rate=, latency=, answer=, profile= …, got ${JSON.stringify(value === undefined ? key : `${key}=${value}`)}.`,
      )
  }
  if (Object.keys(sim).length > 0) options.sim = sim
  const more = Object.keys(options).length > 0 ? { options } : {}
  return { number: field('--modem', NumberField, number), speed, answer, ...more }
}

/** `NAME[,ADDRESS:PORT=HOST:PORT]…[,internet[=HOST:PORT]]…`. @throws SimError ARGUMENT_INVALID */
export function readApn(text: string): ApnOptions {
  const [head = '', ...rest] = text.split(',')
  const name = field('--apn', ApnField, head)
  const apn: Draft<ApnOptions> = { ...NEW_APN, name }
  for (const [key, value] of settingsIn(rest)) {
    const where = `--apn ${name}, ${key}`
    if (key === 'internet') apn.internet = value === undefined ? true : field(where, TargetField, value)
    else if (key === 'user') apn.user = field(where, CredentialField, value)
    else if (key === 'password') apn.password = field(where, CredentialField, value)
    else if (key === 'rate') apn.rate = field(where, PacketRateField, whole(value))
    else if (key === 'latency') apn.latencyMs = field(where, LatencyField, whole(value))
    else if (key === 'jitter') apn.jitterMs = field(where, LatencyField, whole(value))
    else if (key === 'via') apn.via = field(where, z.union([z.ipv4(), z.ipv6()], 'expected an address'), value)
    else
      apn.endpoints = { ...apn.endpoints, [field(where, EndpointField, key)]: field(where, TargetField, value ?? '') }
  }
  return apn
}

/** `key=value[,key=value]…`. @throws SimError ARGUMENT_INVALID */
export function readFaults(text: string): Partial<SmsFaults> {
  const faults: Draft<Partial<SmsFaults>> = {}
  for (const [key, value] of settingsIn(text.split(','))) {
    const where = `--sms ${key}`
    switch (key) {
      case 'loss':
      case 'duplicate':
      case 'reorder':
      case 'swap':
      case 'reportLoss':
        faults[key] = field(where, ChanceField, fraction(value))
        break
      case 'delay':
        faults.delayMs = field(where, SpanField, whole(value))
        break
      case 'jitter':
        faults.jitterMs = field(where, SpanField, whole(value))
        break
      case 'refuse':
        faults.refuse = field(where, CmsField, whole(value))
        break
      default:
        throw invalid(`--sms: expected loss=, duplicate=, reorder=, swap=, delay= …, got ${JSON.stringify(key)}.`)
    }
  }
  return faults
}

/** `+09:00`, in quarters of an hour. @throws SimError ARGUMENT_INVALID */
export function readZone(text: string): number {
  const match = /^([+-])(0\d|1[0-4]):(00|15|30|45)$/.exec(text)
  if (match === null) throw invalid(`--zone: expected a zone like +09:00, got ${JSON.stringify(text)}.`)
  const [, sign, hours, minutes] = match
  return (sign === '-' ? -1 : 1) * (Number(hours) * 4 + Number(minutes) / 15)
}

/** A moment as milliseconds since 1970. @throws SimError ARGUMENT_INVALID */
export function readTime(text: string): number {
  const unixMs = Date.parse(text)
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(unixMs)) {
    throw invalid(`--time: expected a moment like 2026-01-02T03:04:05Z, got ${JSON.stringify(text)}.`)
  }
  return unixMs
}
