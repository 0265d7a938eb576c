import { statSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import koffi from 'koffi'
import { systemClock } from '../../sim/clock.ts'
import { Pty } from '../../sim/pty.ts'
import { POLL_HUP, POLL_IN } from '../../sim/pty-native.ts'
import { PtyPoller } from '../../sim/pty-poller.ts'
import { Slave } from './slave.ts'

function port(t: ExecutionContext, room: () => number = () => 4096, answer?: (pty: Pty) => void) {
  const got: Buffer[] = []
  let drops = 0
  let changed = (): void => {}
  const poller = new PtyPoller(systemClock)
  const pty: Pty = new Pty(poller, systemClock, {
    room,
    data: (bytes) => {
      got.push(Buffer.from(bytes))
      answer?.(pty)
      changed()
    },
    dtrDropped: () => {
      drops++
      changed()
    },
  })
  t.teardown(() => pty.close())
  /** Waits for something that the port sees. */
  const seen = async (done: () => boolean): Promise<void> => {
    while (!done()) {
      await new Promise<void>((resolve) => {
        changed = resolve
      })
    }
  }
  const open = (): Slave => {
    const slave = new Slave(pty.path)
    t.teardown(() => slave.close())
    return slave
  }
  return { pty, open, seen, text: () => Buffer.concat(got).toString('latin1'), drops: () => drops, got }
}

test('bytes of all values pass unchanged both ways: the port is raw', async (t) => {
  const { pty, open, seen, got } = port(t)
  const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value))
  const slave = open()
  slave.type(all)
  await seen(() => Buffer.concat(got).length === 256)
  t.deepEqual(Buffer.concat(got), all)
  pty.write(all)
  t.deepEqual(await slave.bytes(256), all)
  t.is(statSync(pty.path).mode & 0o777, 0o666)
})

test('opened and closed 100 times, it is told of each close, and works on', async (t) => {
  const { pty, open, seen, text, drops } = port(t)
  for (let n = 1; n <= 100; n++) {
    const slave = open()
    slave.type(`<${n}>`)
    await seen(() => text().endsWith(`<${n}>`))
    pty.write(Buffer.from('ok'))
    t.is(await slave.until('ok'), 'ok')
    slave.close()
    await seen(() => drops() === n)
    t.false(pty.isOpen)
  }
})

test('a program that opens it right after another one closed it has its answer, and the drop between the two counts', async (t) => {
  const { pty, open, seen, text, drops } = port(
    t,
    () => 4096,
    (own) => own.write(Buffer.from('OK')),
  )
  for (let n = 1; n <= 20; n++) {
    const first = open()
    first.type('<')
    await seen(() => text().endsWith('<'))
    first.close()
    // Between a look at the port, which found nobody, and what is done about it.
    const second = open()
    second.type('>')
    pty.service(POLL_HUP | POLL_IN)
    await seen(() => text().endsWith('>'))
    t.is(await second.until('OK'), 'OK')
    t.is(drops(), 2 * n - 1)
    second.close()
    await seen(() => drops() === 2 * n)
  }
  t.is(text(), '<>'.repeat(20))
})

test('two programs have it open: only the last close counts', async (t) => {
  const { open, seen, text, drops } = port(t)
  const first = open()
  const second = open()
  first.type('a')
  await seen(() => text() === 'a')
  first.close()
  second.type('b')
  await seen(() => text() === 'ab')
  t.is(drops(), 0)
  second.close()
  await seen(() => drops() === 1)
  t.is(text(), 'ab')
})

test('what was written just before the close still comes, also beyond the room there is', async (t) => {
  const { open, seen, got, drops } = port(t, () => 0)
  const slave = open()
  const many = Buffer.alloc(4000, 'x')
  slave.type(many)
  slave.close()
  await seen(() => drops() === 1)
  t.deepEqual(Buffer.concat(got), many)
})

test('output for nobody is thrown away, also what was not read before the close', async (t) => {
  const { pty, open, seen, text, drops } = port(t)
  pty.write(Buffer.from('before'))
  const first = open()
  first.type('1')
  await seen(() => text() === '1')
  // Written and closed in one go: the program had no time to read.
  pty.write(Buffer.from('unread'))
  first.close()
  await seen(() => drops() === 1)
  pty.write(Buffer.from('between'))
  const second = open()
  second.type('2')
  await seen(() => text() === '12')
  pty.write(Buffer.from('fresh'))
  t.is(await second.until('fresh'), 'fresh')
})

test('without room nothing is read, and the writer has to wait', async (t) => {
  let room = 0
  const { open, seen, got } = port(t, () => room)
  const slave = open()
  const sent = Buffer.alloc(200_000, 'y')
  let at = 0
  for (let more = 1; more > 0; at += more) more = slave.typeSome(sent.subarray(at, at + 4000))
  t.true(at > 0 && at < sent.length)
  t.is(got.length, 0)
  room = 100
  await seen(() => Buffer.concat(got).length === at)
  t.true(got.every((bytes) => bytes.length <= 100))
})

test('output is queued for a slow reader up to a bound, and room says so', async (t) => {
  const { pty, open, seen, text } = port(t)
  const reader = open()
  reader.type('1')
  await seen(() => text() === '1')
  const all = Buffer.from(Array.from({ length: 60_000 }, (_, index) => (index * 31) & 0xff))
  for (let at = 0; at < all.length; at += 1000) pty.write(all.subarray(at, at + 1000))
  t.is(pty.room(), 0)
  t.deepEqual(await reader.bytes(all.length), all)
  while (pty.room() === 0) await new Promise((resolve) => setImmediate(resolve))
  t.true(pty.room() > 4000)
})

test('speed B0 drops DTR once, like a close', async (t) => {
  const { open, seen, text, drops } = port(t)
  const slave = open()
  slave.type('1')
  await seen(() => text() === '1')
  setSpeed(slave.fd, 0)
  await seen(() => drops() === 1)
  setSpeed(slave.fd, 0o010002)
  slave.type('2')
  await seen(() => text() === '12')
  t.is(drops(), 1)
})

test('after close the program at the other end sees the end', async (t) => {
  const { pty, open, seen, text } = port(t)
  const slave = open()
  slave.type('1')
  await seen(() => text() === '1')
  pty.close()
  await slave.end()
  pty.close()
  pty.write(Buffer.from('nothing'))
  t.false(pty.isOpen)
})

/** As tcsetattr does it; the test has no other way to set a speed. */
function setSpeed(fd: number, code: number): void {
  const ioctl = koffi.load(null).func('int ioctl(int, unsigned long, _Inout_ uint8_t*)')
  const termios = Buffer.alloc(64)
  if (ioctl(fd, 0x5401, termios) !== 0) throw new Error('TCGETS failed')
  termios.writeUInt32LE(((termios.readUInt32LE(8) & ~0o010017) | code) >>> 0, 8)
  if (ioctl(fd, 0x5402, termios) !== 0) throw new Error('TCSETS failed')
}
