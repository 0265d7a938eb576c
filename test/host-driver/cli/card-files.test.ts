import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { EXIT } from '../../../host-driver/faults.ts'
import { FILE_MAX } from '../../../wire/usb/files.ts'
import { cardOnTty } from '../fake-tty.ts'
import { home } from './run.ts'

/** `keyline card files …` with a card that has two damaged files. */
async function files(t: ExecutionContext) {
  const user = await home(t)
  const { card, path } = cardOnTty(t)
  let damaged = 2
  card.answers['card.files.list'] = () => ({
    files: [],
    used: 8192,
    quota: 16 * 2 ** 20,
    ...(damaged > 0 && { damaged: { files: damaged, bytes: 8192 } }),
  })
  card.answers['card.files.prune'] = () => {
    const removed = damaged
    damaged = 0
    return { removed }
  }
  const run = (...args: readonly string[]) => user.run(['card', 'files', ...args, '--card', path])
  const asked = () => card.asked.map(({ method }) => method).filter((method) => method.startsWith('card.files'))
  return { user, run, asked }
}

test.serial('damaged files are shown with what makes room, and removed together', async (t) => {
  const { run, asked } = await files(t)
  const before = await run('ls')
  t.is(before.code, 0, before.err)
  t.regex(before.out, /2 damaged, 8\.2 kB; keyline card files rm --damaged/)
  t.like((await run('rm', '--damaged', '--json')).last, { ok: true, removed: 2 })
  t.notRegex((await run('ls')).out, /damaged/)
  t.deepEqual(asked(), ['card.files.list', 'card.files.prune', 'card.files.list'])
})

test.serial('what is too large for a card is not read, and the card is not asked', async (t) => {
  const { user, run, asked } = await files(t)
  const large = join(user.folder, 'large')
  writeFileSync(large, '')
  truncateSync(large, 2 ** 40)
  const { code, err } = await run('put', large)
  t.is(code, EXIT.usage)
  t.regex(err, /at most 4\.2 MB.*INPUT_INVALID/)
  t.is(FILE_MAX, 4 * 2 ** 20)
  t.regex((await run('put', join(user.folder, 'none'))).err, /FILE_FAILED/)
  t.deepEqual(asked(), [])
})

for (const args of [['rm'], ['rm', 'name', '--damaged'], ['ls', '--damaged'], ['get'], ['ls', 'name'], ['toString']]) {
  test.serial(`card files ${args.join(' ')} is a usage error`, async (t) => {
    const { run, asked } = await files(t)
    t.is((await run(...args)).code, EXIT.usage)
    t.deepEqual(asked(), [])
  })
}
