import type { PinMarks } from '../../line/modem/sim-card.ts'
import type { Disk } from './disk.ts'

const FILE = 'refused-pins'
const NEW = 'refused-pins.new'
const MARK = /^[A-Za-z0-9_-]{43}$/
/** Cards and PINs that are remembered: more than anybody ever tries. The oldest goes first. */
const MARKS_MAX = 64

/**
 * The list of PINs that SIM cards refused, in the card's store (51A). It holds hashes; a mark is durable before the PIN goes to the
 * card, so that a loss of power burns no attempt twice.
 * @param open the store's folder, when it is needed for the first time
 */
export function pinMarks(open: () => Disk): PinMarks {
  let disk: Disk | undefined
  const folder = (): Disk => {
    disk ??= open()
    return disk
  }
  const read = (): string[] => {
    const text = Buffer.from(folder().read(FILE) ?? new Uint8Array(0)).toString('latin1')
    return text.split('\n').filter((line) => MARK.test(line))
  }
  const write = (marks: readonly string[]): void => {
    const it = folder()
    it.write(NEW, Buffer.from(`${marks.slice(-MARKS_MAX).join('\n')}\n`))
    it.sync(NEW)
    it.rename(NEW, FILE)
    it.syncFolder()
  }
  return {
    all: () => new Set(read()),
    add: (mark) => write([...read().filter((it) => it !== mark), mark]),
    remove: (mark) => write(read().filter((it) => it !== mark)),
  }
}
