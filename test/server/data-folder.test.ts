import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { openData } from '../../server/data-folder.ts'
import { ServerError } from '../../server/errors.ts'
import { folder } from './world.ts'

const code = (expected: string) => ({ instanceOf: ServerError, message: new RegExp(`^${expected}: `) })

test.serial('it is made for this user alone, whatever the umask', async (t) => {
  const own = folder(t)
  const before = process.umask(0)
  try {
    const store = openData(join(own, 'data'), true)
    await store.close()
  } finally {
    process.umask(before)
  }
  t.is(statSync(join(own, 'data')).mode & 0o777, 0o700)
  t.is(statSync(join(own, 'data', 'server.db')).mode & 0o777, 0o600)
})

test.serial('one that exists keeps its mode, but others may not write into it', async (t) => {
  const own = folder(t)
  const data = join(own, 'data')
  mkdirSync(data)
  chmodSync(data, 0o755)
  await openData(data, true).close()
  t.is(statSync(data).mode & 0o777, 0o755)
  for (const mode of [0o775, 0o757, 0o777]) {
    chmodSync(data, mode)
    t.throws(() => openData(data, true), code('DATA_UNSAFE'))
    t.throws(() => openData(data, false), code('DATA_UNSAFE'))
  }
})

test.serial('commands that do not begin a server make nothing', (t) => {
  const own = folder(t)
  t.throws(() => openData(join(own, 'data'), false), code('DATA_MISSING'))
  t.false(existsSync(join(own, 'data')))
  t.throws(() => openData(own, false), code('DATA_MISSING'))
  t.false(existsSync(join(own, 'server.db')))
})

test.serial('a file in its place, a path below a file, a link in the place of the database', (t) => {
  const own = folder(t)
  writeFileSync(join(own, 'file'), '')
  t.throws(() => openData(join(own, 'file'), true), code('DATA_UNUSABLE'))
  t.throws(() => openData(join(own, 'file', 'data'), true), code('DATA_UNUSABLE'))
  symlinkSync(join(own, 'file'), join(own, 'server.db'))
  t.throws(() => openData(own, true), code('DATA_UNUSABLE'))
})

test.serial('two may have it open at once', async (t) => {
  const own = folder(t)
  const [one, two] = [openData(own, true), openData(own, false)]
  t.true(await one.addAccount({ userId: 'alice', password: 'x', createdAt: 0 }))
  t.truthy(await two.account('alice'))
  await Promise.all([one.close(), two.close()])
})
