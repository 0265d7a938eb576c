import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { cardTree } from '../../deploy/card-tree.ts'
import { pack } from '../../deploy/update.ts'
import { Terminal } from '../../host-driver/index.ts'
import { enrolled, wholeLogin } from './fixture.ts'

test('a packed card takes a newer version of itself over the cable, runs it, logs in with it, and takes no older or foreign one', async (t) => {
  t.timeout(300_000)
  const home = mkdtempSync(join(tmpdir(), 'keyline-update-'))
  t.teardown(() => rmSync(home, { recursive: true, force: true }))
  const [built, keys, out, secret] = [join(home, 'lib'), join(home, 'keys'), join(home, 'out'), join(home, 'own.key')]
  for (const folder of [built, keys, out]) mkdirSync(folder)
  await cardTree(built, 'x64')
  const key = (name: string) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    writeFileSync(join(home, name), privateKey.export({ type: 'pkcs8', format: 'pem' }))
    return publicKey.export({ type: 'spki', format: 'pem' })
  }
  writeFileSync(join(keys, 'owner.pub'), key('own.key'))
  key('foreign.key')
  const newer = readFileSync(await pack(secret, [7, 1, 0], 'x64', out))
  const older = readFileSync(await pack(secret, [7, 0, 9], 'x64', out))
  const foreign = readFileSync(await pack(join(home, 'foreign.key'), [8, 0, 0], 'x64', out))
  const own = ['--slots', join(home, 'slots'), '--update-keys', keys, '--run', join(home, 'run')]

  const world = await enrolled(t, { cardBundle: join(built, 'dist/launch.mjs'), card: () => own })
  const before = (await versionOf(world.cardPort)).version
  t.not(before, '7.1.0')
  const terminal = await Terminal.open({ card: world.cardPort })
  t.teardown(() => terminal.close())
  await t.throwsAsync(terminal.update(foreign), { code: 'UPDATE_FOREIGN' })
  const damaged = Buffer.from(newer)
  damaged[damaged.length - 9] = (damaged[damaged.length - 9] ?? 0) ^ 1
  await t.throwsAsync(terminal.update(damaged), { code: 'UPDATE_DAMAGED' })
  let last = 0
  t.is(
    await terminal.update(newer, (bytes) => {
      last = bytes
    }),
    '7.1.0',
  )
  t.is(last, newer.length)
  // What systemd does on a board: the program has ended, and is started again.
  await world.card.until(({ event }) => event === 'never').catch(() => {})
  const card = await world.startCard()
  t.is((await terminal.updateStatus()).version, '7.1.0')
  await terminal.close()
  // A PC's hello is proof enough.
  t.true((await wholeLogin(world)) > 0)
  await card.until(({ event }) => event === 'update.healthy')

  const again = await Terminal.open({ card: world.cardPort })
  t.teardown(() => again.close())
  t.true((await again.status()).firmware.endsWith('7.1.0'))
  await t.throwsAsync(again.update(older), { code: 'UPDATE_OLD' })
  t.like(await again.updateStatus(), { version: '7.1.0', trial: false })
})

async function versionOf(card: string) {
  const terminal = await Terminal.open({ card })
  try {
    return await terminal.updateStatus()
  } finally {
    await terminal.close()
  }
}
