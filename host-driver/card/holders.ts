import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { join } from 'node:path'

/** A program that has a port open. */
export interface Holder {
  readonly pid: number
  readonly name: string
}

/** Processes that are looked at; more is no laptop. */
const PROCESSES_MAX = 4096
/** A program has its serial ports among the first. */
const FILES_MAX = 256

/**
 * Who has this port open, as far as /proc tells this account: files of other users' programs are hidden from it.
 * @param root where /proc is
 */
export function holdersOf(port: string, root = '/'): readonly Holder[] {
  let path = port
  try {
    path = realpathSync(port)
  } catch {
    // It is gone already.
  }
  return processes(root).filter(({ pid }) => filesOf(pid, root).includes(path))
}

/** Whether a program of this name runs, whoever's it is. */
export function runs(name: string, root = '/'): boolean {
  return processes(root).some((it) => it.name === name)
}

function processes(root: string): readonly Holder[] {
  return list(join(root, 'proc'))
    .filter((name) => /^\d+$/.test(name))
    .slice(0, PROCESSES_MAX)
    .flatMap((pid) => {
      try {
        return [{ pid: Number(pid), name: readFileSync(join(root, 'proc', pid, 'comm'), 'utf8').trim() }]
      } catch {
        return [] // it has ended
      }
    })
}

function filesOf(pid: number, root: string): readonly string[] {
  const folder = join(root, 'proc', String(pid), 'fd')
  return list(folder)
    .slice(0, FILES_MAX)
    .flatMap((fd) => {
      try {
        return [readlinkSync(join(folder, fd))]
      } catch {
        return []
      }
    })
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
