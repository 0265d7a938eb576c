import { createHash } from 'node:crypto'
import { appendFileSync, renameSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { fingerprint, openContent, SLAB_BYTES, sameBytes, versionOf } from '../../../server/delivery/content-file.ts'
import { readTitles } from '../../../server/delivery/titles.ts'
import { folder } from '../world.ts'

const NEVER = new AbortController().signal

async function opened(t: ExecutionContext, bytes: Buffer): Promise<{ handle: FileHandle; path: string; own: string }> {
  const own = folder(t)
  const path = join(own, 'file')
  writeFileSync(path, bytes)
  const handle = await openContent(own, 'file')
  if (handle === undefined) throw new Error('expected the file')
  t.teardown(() => handle.close())
  return { handle, path, own }
}

test('size and hash are right at every size around a slab', async (t) => {
  for (const size of [0, 1, SLAB_BYTES - 1, SLAB_BYTES, SLAB_BYTES + 1, 3 * SLAB_BYTES]) {
    const bytes = Buffer.alloc(size, 'keyline ')
    const { handle } = await opened(t, bytes)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    t.deepEqual(await fingerprint(handle, NEVER), { size, sha256, kind: 'text' })
  }
})

/** The same file, to which something happens before its second slab is read. */
function disturbed(handle: FileHandle, change: () => void): FileHandle {
  let reads = 0
  const it = {
    stat: (options: { bigint: true }) => handle.stat(options),
    read: (slab: Buffer, offset: number, length: number, position: number) => {
      if (++reads === 2) change()
      return handle.read(slab, offset, length, position)
    },
  }
  return it as unknown as FileHandle // all that fingerprint uses of one
}

test('a file that grows, shrinks or is written while it is read has no fingerprint', async (t) => {
  const size = 4 * SLAB_BYTES
  for (const change of [
    (path: string) => appendFileSync(path, 'more'),
    (path: string) => truncateSync(path, 10),
    (path: string) => {
      writeFileSync(path, Buffer.alloc(size, 'x'))
      utimesSync(path, new Date(), new Date(Date.now() + 5000))
    },
  ]) {
    const { handle, path } = await opened(t, Buffer.alloc(size, 'keyline '))
    t.is(
      await fingerprint(
        disturbed(handle, () => change(path)),
        NEVER,
      ),
      undefined,
    )
    t.truthy(
      await fingerprint(
        disturbed(handle, () => {}),
        NEVER,
      ),
    )
  }
})

test('reading ends when it is told to', async (t) => {
  const { handle } = await opened(t, Buffer.alloc(10 * SLAB_BYTES))
  t.is(await fingerprint(handle, AbortSignal.abort()), undefined)
})

test('a version tells content from content; bytes are the same also after a rename', async (t) => {
  const { handle, path, own } = await opened(t, Buffer.from('one'))
  const before = await handle.stat({ bigint: true })
  renameSync(path, join(own, 'other'))
  const renamed = await handle.stat({ bigint: true })
  t.true(sameBytes(before, renamed))
  appendFileSync(join(own, 'other'), 'two')
  const changed = await handle.stat({ bigint: true })
  t.false(sameBytes(before, changed))
  t.not(versionOf(before), versionOf(changed))
})

test('titles: none, some, and what is wrong with them', async (t) => {
  const own = folder(t)
  const write = (text: string | Buffer): void => writeFileSync(join(own, 'titles.json'), text)
  t.deepEqual(await readTitles(own), new Map())
  write('{"a": "A", "b c": "B C"}')
  t.deepEqual(
    await readTitles(own),
    new Map([
      ['a', 'A'],
      ['b c', 'B C'],
    ]),
  )
  for (const [text, fault] of [
    ['', 'expected JSON'],
    ['{"a": ', 'expected JSON'],
    ['"a"', 'expected {"name": "title", …}'],
    ['{"a": {"b": "c"}}', 'expected {"name": "title", …}'],
    [Buffer.alloc(5 * 2 ** 20, ' '), 'expected at most 4194304 bytes'],
  ] as const) {
    write(text)
    t.deepEqual(await readTitles(own), { fault })
  }
})
