import { closeSync, readSync, writeSync } from 'node:fs'
import { setTimeout as passes } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { SerialPort } from 'serialport'
import { openUsbPort } from '../../firmware/usb/usb-port.ts'
import { openCardPort } from '../../host-driver/card/card-port.ts'
import { openSerialPort } from '../../line/modem/serial-port.ts'
import { openMaster, resetSlave } from '../../sim/pty-native.ts'
import { tend } from '../../wire/serial-port.ts'

/** More than a port takes at once, bytes. */
const MESSAGE = 64 * 1024
const ROUNDS = 20

interface Port {
  readonly write: (bytes: Uint8Array) => void
  readonly close: () => Promise<void>
}

const OPENERS: Readonly<Record<string, (path: string, onData: () => void) => Promise<Port>>> = {
  'a PC': async (path, onData) => {
    const { stream, close } = await openCardPort(path)
    stream.on('data', onData)
    return { write: (bytes) => stream.write(bytes), close }
  },
  'a card': async (path, onData) => {
    const { source, sink, close } = await openUsbPort(path, 115_200)
    source.on('data', onData)
    return { write: (bytes) => sink.write(bytes), close }
  },
  'a modem': async (path, onData) => {
    const port = await openSerialPort(path)
    port.open(onData, () => {})
    return port
  },
}

for (const [whose, open] of Object.entries(OPENERS)) {
  test(`the port of ${whose}: a write that fills it goes on although something was read meanwhile`, async (t) => {
    const { far, port, reads } = await bothEnds(t, open)
    for (let round = 0; round < ROUNDS; round++) {
      const read = reads.next()
      port.write(Buffer.alloc(MESSAGE, round))
      // Now before, now behind the moment at which the port is full.
      await passes(round)
      far.write('!')
      await read
      await passes(2)
      t.true((await far.read(MESSAGE)).every((byte) => byte === round))
    }
  })

  test(`the port of ${whose}: what comes is read while a write waits`, async (t) => {
    const { far, port, reads } = await bothEnds(t, open)
    port.write(Buffer.alloc(MESSAGE))
    for (let round = 0; round < ROUNDS; round++) {
      const read = reads.next()
      await passes(2)
      far.write('!')
      await read
    }
    t.true(reads.count >= ROUNDS)
    await far.read(MESSAGE)
  })
}

async function bothEnds(t: ExecutionContext, open: (typeof OPENERS)[string]) {
  t.timeout(30_000)
  const far = farEnd(t)
  let heard = (): void => {}
  const reads = {
    count: 0,
    next: (): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>()
      heard = resolve
      return promise
    },
  }
  const port = await open(far.path, () => {
    reads.count++
    heard()
  })
  t.teardown(() => port.close())
  return { far, port, reads }
}

test('a port whose reader pauses keeps nobody busy', async (t) => {
  t.timeout(30_000)
  const far = farEnd(t)
  const port = new SerialPort({ path: far.path, baudRate: 115_200, autoOpen: false })
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())))
  t.teardown(() => new Promise<void>((resolve) => port.close(() => resolve())))
  tend(port)
  let looks = 0
  if (port.port !== undefined && 'poller' in port.port) {
    const { poller } = port.port
    const emit = poller.emit.bind(poller)
    poller.emit = (name, ...rest) => {
      looks++
      return emit(name, ...rest)
    }
  }
  // It has waited for both directions.
  port.on('data', () => {})
  port.write(Buffer.alloc(MESSAGE))
  await far.read(MESSAGE)
  port.pause()
  // What is read before the stream is full, and something that stays behind it.
  while (port.readableLength < port.readableHighWaterMark) {
    far.fill()
    await passes(1)
  }
  far.fill()
  await passes(10)
  t.true(looks > 0)
  looks = 0
  await passes(50)
  t.true(looks <= 2, `${looks} looks`)
})

/** The other end, as the system gives it: nothing is read there unless it is asked for. */
function farEnd(t: ExecutionContext) {
  const { master, path } = openMaster()
  resetSlave(path)
  t.teardown(() => closeSync(master))
  const page = Buffer.alloc(4096)
  return {
    path,
    write: (text: string) => writeSync(master, text),
    fill: () => quiet(() => writeSync(master, page)),
    read: async (count: number): Promise<Buffer> => {
      let bytes = Buffer.alloc(0)
      while (bytes.length < count) {
        const some = quiet(() => readSync(master, page))
        bytes = Buffer.concat([bytes, page.subarray(0, some)])
        if (some === 0) await passes(1)
      }
      return bytes
    },
  }
}

/** @returns 0 where there is nothing to read, or no room */
function quiet(run: () => number): number {
  try {
    return run()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0
    throw error
  }
}
