import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { PortInfo } from '../../../host-driver/card/card-port.ts'
import { followed } from '../../../host-driver/card/greeting.ts'
import { keepPairing } from '../../../host-driver/card/pairing.ts'
import { Terminal } from '../../../host-driver/terminal.ts'
import type { Params } from '../../../wire/usb/methods.ts'
import { proofOf } from '../../../wire/usb/pairing.ts'
import { CARD, CardRefusal } from '../fake-card.ts'
import { cardOnTty } from '../fake-tty.ts'

const USB = { vendorId: '1209', productId: '0001', usbInterface: 0 } as const
const ID = '00112233445566aa'
const OTHER_ID = '99887766554433bb'

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'keyline-pairings-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Plugged in somewhere, with its place on USB. */
function usbCard(t: ExecutionContext, serialNumber: string) {
  const tty = cardOnTty(t)
  return { ...tty, port: { ...USB, path: tty.path, serialNumber } satisfies PortInfo }
}

/** Lets a card want the pairing `key`; it has `ownKey`. */
function wantsPairing({ card }: ReturnType<typeof usbCard>, id: string, key: Buffer, ownKey = key): void {
  const challenge = randomBytes(32).toString('base64url')
  card.answers['card.hello'] = () => ({ version: 1, firmware: 'fake/1', card: CARD, pairing: { card: id, challenge } })
  card.answers['card.prove'] = ({ nonce, proof }: Params<'card.prove'>) => {
    const wanted = Buffer.from(proofOf('pc', key, challenge, nonce)).toString('base64url')
    if (proof !== wanted) throw new CardRefusal('CARD_UNPAIRED')
    return { proof: Buffer.from(proofOf('card', ownKey, challenge, nonce)).toString('base64url') }
  }
}

test('plugged in again the card is found by its serial number, wherever it is now', async (t) => {
  const ports: PortInfo[] = []
  const pairings = folder(t)
  const before = usbCard(t, 'A1')
  ports.push(before.port)
  const terminal = await Terminal.open({ card: before.path, pairings, listPorts: async () => ports })
  t.teardown(() => terminal.close())
  before.unplug()
  const [other, after] = [usbCard(t, 'B2'), usbCard(t, 'A1')]
  ports.splice(0, 1, other.port, after.port)
  after.card.answers['card.status'] = () => ({ card: { ...CARD, modem: 'after' } })
  t.is((await terminal.status()).card.modem, 'after')
  t.is(other.card.asked.length, 0)
})

test('another card at the old port is not asked: the right one is waited for', async (t) => {
  const ports: PortInfo[] = []
  const pairings = folder(t)
  // Both are reached by the same path, as /dev/ttyACM0 is.
  const path = join(pairings, 'ttyACM0')
  const before = usbCard(t, 'A1')
  symlinkSync(before.path, path)
  ports.push(before.port)
  const terminal = await Terminal.open({ card: path, pairings, listPorts: async () => ports })
  t.teardown(() => terminal.close())
  before.unplug()
  const other = usbCard(t, 'B2')
  rmSync(path)
  symlinkSync(other.path, path)
  ports.splice(0, 1, other.port)
  const status = terminal.status()
  await new Promise((resolve) => setTimeout(resolve, 700))
  const after = usbCard(t, 'A1')
  ports.push(after.port)
  await status
  t.is(other.card.asked.length, 0)
  t.true(after.card.asked.length > 0)
})

test('without serial numbers another enrolment is another card', async (t) => {
  const before = cardOnTty(t)
  const path = join(folder(t), 'port')
  symlinkSync(before.path, path)
  const terminal = await Terminal.open({ card: path, listPorts: async () => [] })
  t.teardown(() => terminal.close())
  before.unplug()
  const [other, after] = [cardOnTty(t), cardOnTty(t)]
  other.card.answers['card.hello'] = () => ({
    version: 1,
    firmware: 'fake/1',
    card: { ...CARD, cardId: 'card-8' },
  })
  rmSync(path)
  symlinkSync(other.path, path)
  const status = terminal.status()
  while (other.card.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  rmSync(path)
  symlinkSync(after.path, path)
  await status
  t.deepEqual(
    other.card.asked.map(({ method }) => method),
    ['card.hello'],
  )
})

test('a card that takes the place of a paired one is noticed: without its key, under another name, or wanting no pairing', async (t) => {
  const key = randomBytes(32)
  const foreign: Readonly<Record<string, (card: ReturnType<typeof usbCard>) => void>> = {
    'without the key': (it) => wantsPairing(it, ID, key, randomBytes(32)),
    'under another name': (it) => wantsPairing(it, OTHER_ID, key),
    'wanting no pairing': () => {},
  }
  for (const [name, make] of Object.entries(foreign)) {
    const pairings = folder(t)
    await keepPairing(pairings, ID, { pc: ID, key: key.toString('base64url'), serial: 'A1' })
    const it = usbCard(t, 'A1')
    make(it)
    const open = Terminal.open({ card: it.path, pairings, listPorts: async () => [it.port] })
    await t.throwsAsync(open, { code: 'CARD_FOREIGN' }, name)
    t.false(
      it.card.asked.some(({ method }) => method === 'card.status'),
      name,
    )
  }
  const pairings = folder(t)
  await keepPairing(pairings, ID, { pc: ID, key: key.toString('base64url'), serial: 'A1' })
  const own = usbCard(t, 'A1')
  wantsPairing(own, ID, key)
  const terminal = await Terminal.open({ card: own.path, pairings, listPorts: async () => [own.port] })
  await terminal.close()
})

test('a card that does not know this PC: CARD_UNPAIRED, here or there', async (t) => {
  const it = usbCard(t, 'A1')
  wantsPairing(it, ID, randomBytes(32))
  const options = { card: it.path, pairings: folder(t), listPorts: async () => [it.port] }
  await t.throwsAsync(Terminal.open(options), { code: 'CARD_UNPAIRED' })
  await keepPairing(options.pairings, ID, { pc: ID, key: randomBytes(32).toString('base64url') })
  await t.throwsAsync(Terminal.open(options), { code: 'CARD_UNPAIRED' })
})

test('paired anew, a card that was emptied has one pairing here; one that is paired no more has none', async (t) => {
  const it = usbCard(t, 'A1')
  const [key, pairings] = [randomBytes(32), folder(t)]
  const options = { card: it.path, pairings, listPorts: async () => [it.port] }
  await keepPairing(pairings, ID, { pc: ID, key: randomBytes(32).toString('base64url'), serial: 'A1' })
  wantsPairing(it, OTHER_ID, key)
  it.card.answers['card.pair.begin'] = () => ({ seconds: 120 })
  it.card.answers['card.pair.finish'] = () => ({ pc: OTHER_ID, key: key.toString('base64url') })
  await Terminal.pair(options, 'laptop', async () => '1234 5678')
  t.deepEqual(readdirSync(pairings), [`${OTHER_ID}.json`])
  const terminal = await Terminal.open(options)
  await terminal.close()

  it.card.answers['card.hello'] = () => ({ version: 1, firmware: 'fake/1', card: CARD })
  await t.throwsAsync(Terminal.open(options), { code: 'CARD_FOREIGN' })
  await t.throwsAsync(
    Terminal.pair(options, 'laptop', async () => ''),
    { code: 'CARD_TAKES_ANY' },
  )
  t.deepEqual(readdirSync(pairings), [])
  await (await Terminal.open(options)).close()
})

test('who opens a card again and again finds it wherever it is, and no other at its old port', async (t) => {
  const [a, b] = ['A1', 'B2'].map((serialNumber) => ({ ...USB, path: '', serialNumber }))
  const ports: PortInfo[] = [{ ...USB, ...a, path: '/dev/ttyACM0' }]
  const place = followed('/dev/ttyACM0', async () => ports)
  t.is(await place(), '/dev/ttyACM0')
  ports.length = 0
  t.is(await place(), undefined)
  ports.push({ ...USB, ...b, path: '/dev/ttyACM0' })
  t.is(await place(), undefined)
  ports.push({ ...USB, ...a, path: '/dev/ttyACM2' })
  t.is(await place(), '/dev/ttyACM2')
  // Where nothing is known of USB, the path is all there is.
  t.is(await followed('/dev/pts/7', async () => ports)(), '/dev/pts/7')
  const attached = { modem: '/dev/ttyUSB0', store: '/tmp/x' }
  t.is(await followed(attached, async () => ports)(), attached)
})
