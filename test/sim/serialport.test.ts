import { constants, openSync, writeSync } from 'node:fs'
import { ReadStream } from 'node:tty'
import test, { type ExecutionContext } from 'ava'
import { SerialPort } from 'serialport'
import { A, ended, simulator, twoPorts } from './fixture.ts'

async function opened(t: ExecutionContext, path: string | undefined) {
  const port = new SerialPort({ path: path ?? '', baudRate: 115_200, autoOpen: false })
  let text = ''
  let wake = (): void => {}
  port.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1')
    wake()
  })
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())))
  const close = () => new Promise<void>((resolve) => (port.isOpen ? port.close(() => resolve()) : resolve()))
  t.teardown(close)
  const until = async (end: string): Promise<string> => {
    while (!text.includes(end)) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    const taken = text.slice(0, text.indexOf(end) + end.length)
    text = text.slice(taken.length)
    return taken
  }
  return { port, until, close }
}

test('serialport opens it again and again, and has its dialog each time', async (t) => {
  const sim = await simulator(t, '--modem', A)
  for (let n = 0; n < 3; n++) {
    const { port, until, close } = await opened(t, sim.ready.modems[0]?.path)
    port.write('AT+CSQ\r')
    t.is(await until('OK\r\n'), 'AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n')
    await close()
  }
})

test('serialport makes a call, and closing it hangs up', async (t) => {
  const { sim, a, b } = await twoPorts(t)
  a.close()
  const first = await opened(t, sim.ready.modems[0]?.path)
  first.port.write('ATD+8132\r')
  await b.until('RING\r\n')
  b.type('ATA\r')
  t.is(await first.until('64000\r\n'), '\r\nCONNECT 64000\r\n')
  await b.until('64000\r\n')
  await first.close()
  t.is(await b.until('NO CARRIER\r\n'), '\r\nNO CARRIER\r\n')
  t.is((await sim.until(ended(1))).reason, 'caller-hung-up')
})

test("Node's own terminal streams have their dialog", async (t) => {
  const sim = await simulator(t, '--modem', A)
  const fd = openSync(sim.ready.modems[0]?.path ?? '', constants.O_RDWR | constants.O_NOCTTY)
  const stream = new ReadStream(fd)
  t.teardown(() => stream.destroy())
  let text = ''
  const answered = new Promise<void>((resolve) => {
    stream.on('data', (bytes) => {
      text += bytes.toString()
      if (text.endsWith('OK\r\n')) resolve()
    })
  })
  writeSync(fd, 'ATI\r')
  await answered
  t.is(text, 'ATI\r\r\nKeyline simulated modem\r\n\r\nOK\r\n')
})
