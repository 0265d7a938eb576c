import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { PortInfo } from '../../../host-driver/card/card-port.ts'
import { findCard } from '../../../host-driver/card/find.ts'

const CARD: PortInfo = { path: '/dev/ttyACM0', vendorId: '1209', productId: '0001', serialNumber: 'A1' }
const MODEM: PortInfo = { path: '/dev/ttyUSB2', vendorId: '1e0e', productId: '9001' }

const listing = (...ports: PortInfo[]) => ({ env: {}, listPorts: async () => ports })

async function config(t: ExecutionContext, text: string | undefined) {
  const folder = await mkdtemp(join(tmpdir(), 'keyline-find-'))
  t.teardown(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'keyline'))
  if (text !== undefined) await writeFile(join(folder, 'keyline', 'config.json'), text)
  return { env: { XDG_CONFIG_HOME: folder }, listPorts: async () => [CARD] }
}

test('the only card on USB is it; modems and plain ports are none', async (t) => {
  t.deepEqual(await findCard(listing(MODEM, CARD, { path: '/dev/ttyS0' })), { card: '/dev/ttyACM0' })
})

test('the log console of a card is no second card', async (t) => {
  const api = { ...CARD, usbInterface: 0 }
  const log = { ...CARD, path: '/dev/ttyACM1', usbInterface: 2 }
  t.deepEqual(await findCard(listing(log, api)), { card: '/dev/ttyACM0' })
  await t.throwsAsync(findCard(listing(log)), { code: 'CARD_NOT_FOUND' })
})

test('no card: told what to do', async (t) => {
  const error = await t.throwsAsync(findCard(listing(MODEM)), { code: 'CARD_NOT_FOUND' })
  t.regex(error?.message ?? '', /--card/)
})

test('several cards: all are named, with their serial numbers', async (t) => {
  const other = { ...CARD, path: '/dev/ttyACM4', serialNumber: 'B2' }
  const error = await t.throwsAsync(findCard(listing(CARD, other)), { code: 'CARD_AMBIGUOUS' })
  t.regex(error?.message ?? '', /ttyACM0 \(A1\).*ttyACM4 \(B2\)/)
})

test('a card is named by its serial number, with or without saying so', async (t) => {
  const other = { ...CARD, path: '/dev/ttyACM4', serialNumber: 'B2' }
  for (const given of ['B2', 'serial:B2']) {
    t.deepEqual(await findCard({ ...listing(CARD, other), given }), { card: '/dev/ttyACM4' })
    t.deepEqual(await findCard({ ...listing(CARD, other), env: { KEYLINE_CARD: given } }), { card: '/dev/ttyACM4' })
  }
  const error = await t.throwsAsync(findCard({ ...listing(CARD, other), given: 'C3' }), { code: 'CARD_NOT_FOUND' })
  t.regex(error?.message ?? '', /C3; plugged in: A1, B2/)
  await t.throwsAsync(findCard({ ...listing(CARD, { ...CARD, path: '/dev/ttyACM4' }), given: 'A1' }), {
    code: 'CARD_AMBIGUOUS',
  })
  // A file here has a name without a slash, too.
  t.deepEqual(await findCard({ ...listing(CARD), given: 'package.json' }), { card: 'package.json' })
  await t.throwsAsync(findCard({ ...listing(CARD), given: 'serial:package.json' }), { code: 'CARD_NOT_FOUND' })
})

test('the log console in place of the card is told, with the right port', async (t) => {
  const api = { ...CARD, usbInterface: 0 }
  const log = { ...CARD, path: '/dev/ttyACM1', usbInterface: 2 }
  const error = await t.throwsAsync(findCard({ ...listing(api, log), given: log.path }), { code: 'CARD_NOT_FOUND' })
  t.regex(error?.message ?? '', /log console.*--card \/dev\/ttyACM0/)
  t.deepEqual(await findCard({ ...listing(api, log), given: api.path }), { card: api.path })
})

test('what was given goes before the environment, that before the file, that before USB', async (t) => {
  const where = await config(t, '{"card":"/dev/from-file"}')
  const env = { ...where.env, KEYLINE_CARD: '/dev/from-env' }
  t.deepEqual(await findCard({ ...where, env, given: '/dev/given' }), { card: '/dev/given' })
  t.deepEqual(await findCard({ ...where, env }), { card: '/dev/from-env' })
  t.deepEqual(await findCard({ ...where, env: { ...env, KEYLINE_CARD: '' } }), { card: '/dev/from-file' })
  t.deepEqual(await findCard(where), { card: '/dev/from-file' })
})

test('a modem at this computer: given, by the environment, or by the file; never both', async (t) => {
  const where = await config(t, '{"modem":"/dev/from-file"}')
  const env = { ...where.env, KEYLINE_MODEM: '/dev/from-env' }
  t.deepEqual(await findCard({ ...where, env, modem: '/dev/given' }), { modem: '/dev/given' })
  t.deepEqual(await findCard({ ...where, env }), { modem: '/dev/from-env' })
  t.deepEqual(await findCard(where), { modem: '/dev/from-file' })
  t.deepEqual(await findCard({ ...where, env: { ...env, KEYLINE_CARD: '/dev/card' } }), { card: '/dev/card' })
  await t.throwsAsync(findCard(await config(t, '{"card":"/a","modem":"/b"}')), { code: 'CONFIG_INVALID' })
})

test('a file that says nothing, or is not there, leaves it to USB', async (t) => {
  t.deepEqual(await findCard(await config(t, '{}')), { card: CARD.path })
  t.deepEqual(await findCard(await config(t, undefined)), { card: CARD.path })
})

test('a file that is wrong is told, not skipped', async (t) => {
  for (const text of ['', '{', '[]', '{"card":1}', '{"card":""}', '{"crad":"/dev/x"}', ' '.repeat(70_000)]) {
    await t.throwsAsync(findCard(await config(t, text)), { code: 'CONFIG_INVALID' }, text)
  }
})

test('without XDG_CONFIG_HOME the file is in ~/.config', async (t) => {
  const { env } = await config(t, '{"card":"/dev/mine"}')
  const home = await mkdtemp(join(tmpdir(), 'keyline-home-'))
  t.teardown(() => rm(home, { recursive: true }))
  await mkdir(join(home, '.config', 'keyline'), { recursive: true })
  await writeFile(join(home, '.config', 'keyline', 'config.json'), '{"card":"/dev/home"}')
  t.deepEqual(await findCard({ env: { HOME: home }, listPorts: async () => [] }), { card: '/dev/home' })
  t.deepEqual(await findCard({ env: { ...env, HOME: home }, listPorts: async () => [] }), { card: '/dev/mine' })
})
