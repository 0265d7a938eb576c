import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { cardTree } from '../../deploy/card-tree.ts'
import { enrolled, wholeLogin } from '../system/fixture.ts'
import { folder } from './installed.ts'

const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'x64'

test('the bundled card logs in by telephone, twice, with its keys from the first time', async (t) => {
  t.timeout(240_000)
  const home = folder(t)
  await cardTree(home, ARCHITECTURE)
  const world = await enrolled(t, { cardBundle: join(home, 'dist/card.mjs') })
  t.true((await wholeLogin(world)) > 0)
  await world.card.stop()
  await world.startCard()
  t.true((await wholeLogin(world)) > 0)
})

test('the bundle finds its profiles, and koffi where a profile needs it', async (t) => {
  const home = folder(t)
  await cardTree(home, ARCHITECTURE)
  const card = (...args: readonly string[]) => {
    const all = [
      join(home, 'dist/card.mjs'),
      '--usb',
      'stdio',
      '--modem',
      '/dev/null',
      '--store',
      join(home, 's'),
      ...args,
    ]
    return spawnSync(process.execPath, all, { encoding: 'utf8', input: '' })
  }
  t.regex(card('--board', 'no-such').stderr, /no-such is none of none, .*waveshare-sim7600x/)
  const profile = join(home, 'board.json')
  const lights = { power: null, line: 1, exchange: null, refused: 2, consent: null }
  const gpio = { chips: ['no-such-chip'], lights, button: 3, powerKey: null, flightMode: null }
  writeFileSync(profile, JSON.stringify({ name: 'none-such', title: 'none', notes: [], gpio }))
  chmodSync(profile, 0o600)
  // Asked for by ioctl, which is koffi's.
  t.regex(card('--board-file', profile).stderr, /^GPIO_ABSENT/)
})
