import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { startKeeper } from '../../../host-driver/keeper/start.ts'
import { home } from '../cli/run.ts'

test.serial('a keeper starts in a session of its own, with no more of the environment than it needs', async (t) => {
  const user = await home(t)
  await startKeeper(user.state, { ...user.env, AWS_SECRET: 'not for the keeper', KEYLINE_CARD: '/dev/x' })
  const pid = await user.keeperPid()
  if (pid === undefined) return t.fail()
  const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0')
  t.false(environment.some((line) => /^(AWS_SECRET|KEYLINE_CARD)=/.test(line)))
  t.true(environment.includes(`KEYLINE_STATE=${user.state}`))
  // pid (comm) state ppid pgrp session: the keeper leads its own.
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ')
  t.is(Number(fields[3]), pid)
})

test.serial('one that runs is left alone', async (t) => {
  const user = await home(t)
  await startKeeper(user.state, user.env)
  const pid = await user.keeperPid()
  await Promise.all([startKeeper(user.state, user.env), startKeeper(user.state, user.env)])
  t.is(await user.keeperPid(), pid)
})

test.serial('why it did not start is told', async (t) => {
  const user = await home(t)
  await mkdir(user.state, { mode: 0o700 })
  await writeFile(join(user.state, 'keeper.sock'), 'in the way')
  await t.throwsAsync(startKeeper(user.state, user.env), { code: 'STATE_UNSAFE', message: /in the way/ })
  await chmod(user.state, 0o755)
  await t.throwsAsync(startKeeper(user.state, user.env), { code: 'STATE_UNSAFE', message: /open to other users/ })
})

test.serial('a path that no socket can have', async (t) => {
  const user = await home(t)
  const long = join(user.folder, 'x'.repeat(120))
  await t.throwsAsync(startKeeper(long, user.env), { code: 'STATE_UNSAFE', message: /too long/ })
})
