import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { CallEvent, SimEvent } from '../../sim/events.ts'
import { type SimProcess, startSim } from '../../sim/process.ts'
import { Slave } from './slave.ts'

export const A = '+8131'
export const B = '+8132'

/** The simulator as a process, ended with the test. Modems ring soon, so that tests are. */
export async function simulator(t: ExecutionContext, ...args: readonly string[]): Promise<SimProcess> {
  const sim = await startSim(['--seed', '7', '--ring-after', '20', ...args])
  t.teardown(() => sim.stop())
  return sim
}

export function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'keyline-sim-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

export function open(t: ExecutionContext, path: string | undefined): Slave {
  if (path === undefined) throw new Error('there is no such port')
  const slave = new Slave(path)
  t.teardown(() => slave.close())
  return slave
}

/** Two modems at 64,000 bit/s without latency, their ports open, echo off. */
export async function twoPorts(t: ExecutionContext, ...args: readonly string[]) {
  const sim = await simulator(t, '--modem', A, '--modem', B, '--rate', '64000', '--latency', '0', ...args)
  const [a, b] = [open(t, sim.ready.modems[0]?.path), open(t, sim.ready.modems[1]?.path)]
  for (const slave of [a, b]) {
    slave.type('ATE0S12=5\r')
    await slave.until('\r\nOK\r\n')
  }
  return { sim, a, b }
}

export async function connect(a: Slave, b: Slave): Promise<void> {
  a.type(`ATD${B}\r`)
  await b.until('\r\nRING\r\n')
  b.type('ATA\r')
  await Promise.all([a.until('CONNECT 64000\r\n'), b.until('CONNECT 64000\r\n')])
}

export function ended(id: number) {
  return (event: SimEvent): event is CallEvent => event.event === 'call' && event.id === id && event.state === 'ended'
}
