import type { Bias, Level } from './gpio.ts'

/** Layouts of the GPIO character device, version 2 (include/uapi/linux/gpio.h); the same on every little-endian 64-bit Linux. */
export const GET_CHIPINFO = 0x8044b401
export const GET_LINE = 0xc250b407
export const GET_VALUES = 0xc010b40e
export const SET_VALUES = 0xc010b40f

export const CHIPINFO_BYTES = 68
export const LINE_REQUEST_BYTES = 592
export const VALUES_BYTES = 16
export const EVENT_BYTES = 48

const INPUT = 4n
const OUTPUT = 8n
const BOTH_EDGES = 16n | 32n
const BIAS: Readonly<Record<Bias, bigint>> = { 'pull-up': 256n, 'pull-down': 512n, none: 1024n }
const ATTR_OUTPUT_VALUES = 2
const ATTR_DEBOUNCE = 3
const LABEL_AT = 32
const CONSUMER_AT = 256
const FLAGS_AT = 288
const ATTRS_COUNT_AT = 296
const ATTR_AT = 320
const LINES_COUNT_AT = 560
const FD_AT = 588

export function chipInfo(bytes: Buffer): { readonly label: string; readonly lines: number } {
  const [label = ''] = bytes.toString('latin1', LABEL_AT, LABEL_AT + 32).split('\0')
  return { label, lines: bytes.readUInt32LE(64) }
}

/** An output that has its level from the first moment: a power key must not twitch. */
export function outputRequest(line: number, level: Level): Buffer {
  return request(line, OUTPUT, ATTR_OUTPUT_VALUES, level)
}

/** @param debounceUs edges closer together than this, microseconds, are left out by the kernel */
export function inputRequest(line: number, bias: Bias, debounceUs: number): Buffer {
  return request(line, INPUT | BOTH_EDGES | BIAS[bias], ATTR_DEBOUNCE, debounceUs)
}

/** Of a request that the kernel granted. */
export function grantedFd(bytes: Buffer): number {
  return bytes.readInt32LE(FD_AT)
}

export function values(level: Level): Buffer {
  const bytes = Buffer.alloc(VALUES_BYTES)
  bytes.writeUInt32LE(level, 0)
  bytes.writeUInt32LE(1, 8)
  return bytes
}

export function levelOf(bytes: Buffer): Level {
  return (bytes.readUInt32LE(0) & 1) === 1 ? 1 : 0
}

/** @param at offset of an event in what was read */
export function edgeAt(bytes: Buffer, at: number): { readonly level: Level; readonly seqno: number } {
  return { level: bytes.readUInt32LE(at + 8) === 1 ? 1 : 0, seqno: bytes.readUInt32LE(at + 20) }
}

function request(line: number, flags: bigint, attribute: number, value: number): Buffer {
  const bytes = Buffer.alloc(LINE_REQUEST_BYTES)
  bytes.writeUInt32LE(line, 0)
  bytes.write('keyline', CONSUMER_AT, 'latin1')
  bytes.writeBigUInt64LE(flags, FLAGS_AT)
  bytes.writeUInt32LE(1, ATTRS_COUNT_AT)
  bytes.writeUInt32LE(attribute, ATTR_AT)
  bytes.writeUInt32LE(value, ATTR_AT + 8)
  bytes.writeUInt32LE(1, ATTR_AT + 16)
  bytes.writeUInt32LE(1, LINES_COUNT_AT)
  return bytes
}
