import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a machine said last is kept, characters. */
const HEARD_MAX = 200_000
const CONNECT_TRIES = 100

export interface MachineOptions {
  readonly kernel: string
  readonly initrd: string
  /** Kernel command line, without its console. */
  readonly append?: string
  readonly memoryMib?: number
  /** Further arguments of QEMU. */
  readonly more?: readonly string[]
  /** Told each line of the console. */
  readonly log?: ((line: string) => void) | undefined
}

/** Text that comes from a machine, and what is waited for in it. */
export class Talk {
  heard = ''
  /** Told each line. */
  onLine: (line: string) => void
  readonly #socket: Socket
  #waiting:
    | { readonly what: RegExp; readonly settle: (found: RegExpExecArray) => void; readonly fail: () => void }
    | undefined
  #over = false

  constructor(socket: Socket, log: (line: string) => void = () => {}) {
    this.#socket = socket
    this.onLine = log
    let line = ''
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.heard = (this.heard + text).slice(-HEARD_MAX)
      line += text
      const lines = line.split('\n')
      line = lines.pop() ?? ''
      for (const one of lines) this.onLine(one.trimEnd())
      this.#look()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#over = true
      this.#waiting?.fail()
    })
  }

  write(text: string): void {
    this.#socket.write(text)
  }

  /** What comes next and fits; all before it is forgotten. @throws Error after the time, with what was heard last */
  async until(what: RegExp, ms: number): Promise<RegExpExecArray> {
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>()
    const timer = setTimeout(
      () => reject(new Error(`${what} did not come in ${ms / 1000} s; last: ${this.heard.slice(-600)}`)),
      ms,
    )
    const fail = (): void => reject(new Error(`the machine ended before ${what}; last: ${this.heard.slice(-600)}`))
    this.#waiting = { what, settle: resolve, fail }
    this.#look()
    if (this.#over) fail()
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#waiting = undefined
    }
  }

  #look(): void {
    const found = this.#waiting?.what.exec(this.heard)
    if (!found) return
    this.heard = this.heard.slice(found.index + found[0].length)
    this.#waiting?.settle(found)
    this.#waiting = undefined
  }
}

/** A board in QEMU, without hardware acceleration: it runs on any machine. */
export class Machine {
  readonly console: Talk
  readonly folder: string
  readonly #child: ChildProcess
  readonly #ended: Promise<void>

  private constructor(child: ChildProcess, folder: string, console: Talk, ended: Promise<void>) {
    this.#child = child
    this.folder = folder
    this.console = console
    this.#ended = ended
  }

  /** @throws Error when QEMU does not start */
  static async start(options: MachineOptions): Promise<Machine> {
    const folder = mkdtempSync(join(tmpdir(), 'keyline-machine-'))
    const args = [
      ...['-M', 'virt,gic-version=3', '-cpu', 'cortex-a72', '-accel', 'tcg,thread=multi', '-smp', '2'],
      ...['-m', String(options.memoryMib ?? 512), '-nodefaults', '-display', 'none', '-no-reboot'],
      ...['-kernel', options.kernel, '-initrd', options.initrd],
      ...['-append', `console=ttyAMA0 panic=-1 ${options.append ?? ''}`],
      ...['-chardev', `socket,id=console,path=${folder}/console,server=on,wait=off`, '-serial', 'chardev:console'],
      ...(options.more ?? []).map((one) => one.replaceAll('@FOLDER@', folder)),
    ]
    const child = spawn('qemu-system-aarch64', args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let complaint = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-2000)
    })
    const ended = new Promise<void>((resolve) => {
      child.once('error', () => resolve())
      child.once('close', () => resolve())
    })
    try {
      const socket = await openSocket(join(folder, 'console'), () => child.exitCode !== null)
      return new Machine(child, folder, new Talk(socket, options.log), ended)
    } catch (cause) {
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
      throw new Error(`QEMU did not start: ${complaint}`, { cause })
    }
  }

  /** A socket that `more` asked for, as `path=@FOLDER@/NAME,server=on,wait=off`. */
  async talk(name: string): Promise<Talk> {
    return new Talk(await openSocket(join(this.folder, name), () => this.#child.exitCode !== null))
  }

  /** Switches it off as a pulled plug does. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Until it has switched itself off. @throws Error after the time */
  async off(ms: number): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), ms)
    await this.#ended
    clearTimeout(timer)
    rmSync(this.folder, { recursive: true, force: true })
    if (this.#child.signalCode !== null) throw new Error(`the machine did not switch itself off in ${ms / 1000} s`)
  }
}

async function openSocket(path: string, over: () => boolean): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    try {
      return await new Promise<Socket>((resolve, reject) => {
        const socket = connect(path, () => resolve(socket))
        socket.once('error', reject)
      })
    } catch (error) {
      if (tries >= CONNECT_TRIES || over()) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
