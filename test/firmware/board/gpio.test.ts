import test from 'ava'
import { ChardevGpio, POLL_MS } from '../../../firmware/board/chardev-gpio.ts'
import { MemoryGpio } from '../../../firmware/board/gpio.ts'
import { FakeClock } from '../../fake-clock.ts'
import { FakeKernel } from './fake-kernel.ts'
import { checkGpio } from './gpio-contract.ts'

const LABELS = ['pinctrl-rp1', 'pinctrl-bcm2711']

function build(): { kernel: FakeKernel; clock: FakeClock; gpio: ChardevGpio } {
  const kernel = new FakeKernel()
  const clock = new FakeClock()
  return { kernel, clock, gpio: new ChardevGpio(kernel, clock, LABELS) }
}

test('contract: memory', async (t) => {
  const gpio = new MemoryGpio()
  const drive = async (level: 0 | 1): Promise<void> => gpio.drive(22, level)
  await t.notThrowsAsync(checkGpio({ gpio, output: 17, input: 22, seen: () => gpio.level(17), drive }))
})

test('contract: character device on a kernel that is played', async (t) => {
  const { kernel, clock, gpio } = build()
  const drive = async (level: 0 | 1): Promise<void> => {
    kernel.drive(22, level)
    await clock.advance(POLL_MS)
  }
  await t.notThrowsAsync(checkGpio({ gpio, output: 17, input: 22, seen: () => kernel.levels.get(17), drive }))
  t.is(kernel.taken.size, 0)
  t.is(clock.waiting, 0)
})

test('what is asked of the kernel: output with its level, input with bias, edges and debounce', (t) => {
  const { kernel, gpio } = build()
  gpio.write(6, 1)
  gpio.watch(22, 'pull-up', () => {})
  const [output, input] = kernel.requests
  t.is(output?.readBigUInt64LE(288), 8n)
  t.deepEqual([output?.readUInt32LE(320), output?.readUInt32LE(328)], [2, 1])
  t.is(input?.readBigUInt64LE(288), 4n | 16n | 32n | 256n)
  t.deepEqual([input?.readUInt32LE(320), input?.readUInt32LE(328)], [3, 5000])
  gpio.close()
})

test('edges that the kernel had no room for: the level now is told', async (t) => {
  const { kernel, clock, gpio } = build()
  const told: number[] = []
  gpio.watch(22, 'none', (level) => told.push(level))
  kernel.drive(22, 1, true)
  kernel.drive(22, 0)
  kernel.drive(22, 1, true)
  await clock.advance(POLL_MS)
  t.deepEqual(told, [0, 1])
  gpio.close()
})

test('a chip that goes away takes its button along and nothing else', async (t) => {
  const { kernel, clock, gpio } = build()
  gpio.watch(22, 'none', () => {})
  kernel.fails.read = 'ENODEV'
  await clock.advance(POLL_MS)
  gpio.close()
  t.is(kernel.taken.size, 0)
})

const WRONG: readonly [string, string, (kernel: FakeKernel) => void][] = [
  ['no such chip', 'GPIO_ABSENT', (kernel) => Object.assign(kernel, { label: 'pl061@9030000' })],
  ['no chip at all', 'GPIO_ABSENT', (kernel) => Object.assign(kernel, { chips: () => [] })],
  ['not permitted', 'GPIO_PERMISSION', (kernel) => Object.assign(kernel.fails, { open: 'EACCES' })],
  ['broken', 'GPIO_UNUSABLE', (kernel) => Object.assign(kernel.fails, { open: 'EIO' })],
]
for (const [name, code, spoil] of WRONG) {
  test(`no pins: ${name}`, (t) => {
    const kernel = new FakeKernel()
    spoil(kernel)
    t.throws(() => new ChardevGpio(kernel, new FakeClock(), LABELS), { code })
    t.is(kernel.taken.size, 0)
  })
}

test('lines: busy, out of range, refused', (t) => {
  const { kernel, gpio } = build()
  gpio.write(6, 0)
  t.throws(() => gpio.watch(6, 'none', () => {}), { code: 'GPIO_BUSY' })
  for (const pin of [-1, 28, 1.5]) t.throws(() => gpio.write(pin, 1), { code: 'GPIO_LINE' })
  kernel.fails.line = 'EIO'
  t.throws(() => gpio.write(7, 1), { code: 'GPIO_UNUSABLE', message: /line 7 of pinctrl-bcm2711 \(EIO\)/ })
  gpio.close()
})

test('a label may stand for all that begin so', (t) => {
  const kernel = new FakeKernel()
  kernel.label = 'pl061@9030000'
  t.notThrows(() => new ChardevGpio(kernel, new FakeClock(), ['pl061@*']).close())
})
