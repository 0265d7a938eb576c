import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Catalogue } from '../../../server/delivery/catalogue.ts'
import { ServerError } from '../../../server/errors.ts'
import type { ServerEvent } from '../../../server/events.ts'
import { folder } from '../world.ts'

const LONG_AGO = new Date('2020-01-01T00:00:00Z')
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

async function setUp(t: ExecutionContext) {
  const content = folder(t)
  const events: ServerEvent[] = []
  const catalogue = await Catalogue.open(content, (event) => events.push(event))
  const write = (name: string, text: string | Buffer): string => {
    const path = join(content, name)
    writeFileSync(path, text)
    return path
  }
  const names = async (): Promise<string[]> => (await catalogue.menu()).map(({ name }) => name)
  return { content, events, catalogue, write, names }
}

test('S17: a menu of titles, with what each one is', async (t) => {
  const { catalogue, write } = await setUp(t)
  write('b.txt', 'text of b')
  write('a.gif', 'GIF89a…')
  write('titles.json', JSON.stringify({ 'b.txt': 'The title of b', 'gone.txt': 'Not there' }))
  t.deepEqual(await catalogue.menu(), [
    {
      name: 'a.gif',
      title: 'a.gif',
      kind: 'gif',
      size: 9,
      sha256: sha256('GIF89a…'),
      etag: `"${sha256('GIF89a…')}"`,
    },
    {
      name: 'b.txt',
      title: 'The title of b',
      kind: 'text',
      size: 9,
      sha256: sha256('text of b'),
      etag: `"${sha256('text of b')}"`,
    },
  ])
})

test('an empty folder has an empty menu; a folder that is not there is told', async (t) => {
  const { names, content } = await setUp(t)
  t.deepEqual(await names(), [])
  for (const path of [join(content, 'none'), '/etc/passwd']) {
    await t.throwsAsync(
      Catalogue.open(path, () => {}),
      { instanceOf: ServerError, message: /^CONTENT_UNUSABLE/ },
    )
  }
})

test('only regular files under safe names: no folder, link, FIFO, hidden file, nor the titles', async (t) => {
  const { catalogue, write, names, content } = await setUp(t)
  write('good name.txt', 'x')
  for (const name of ['.hidden', 'titles.json', 'new\nline', 'back\\slash', '\u202etxt.exe', '\ue000'])
    write(name, '{}')
  mkdirSync(join(content, 'folder'))
  symlinkSync('good name.txt', join(content, 'link.txt'))
  symlinkSync('/etc/passwd', join(content, 'passwd'))
  execFileSync('mkfifo', [join(content, 'fifo')])
  t.deepEqual(await names(), ['good name.txt'])
  for (const name of ['link.txt', 'passwd', 'fifo', 'folder', '.hidden', 'titles.json', '..', '', 'a/b', 'none']) {
    t.is(await catalogue.open(name), undefined, name)
  }
})

test('an operator’s folder may itself be a link, and a file a hard link', async (t) => {
  const { write, content } = await setUp(t)
  const path = write('a.txt', 'a')
  linkSync(path, join(content, 'b.txt'))
  const link = join(folder(t), 'content')
  symlinkSync(content, link)
  const catalogue = await Catalogue.open(link, () => {})
  t.deepEqual(
    (await catalogue.menu()).map(({ name }) => name),
    ['a.txt', 'b.txt'],
  )
})

test('a file that was changed, replaced or removed is noticed, even with its time and size set back', async (t) => {
  const { catalogue, write, names, content } = await setUp(t)
  const path = write('a.txt', 'one')
  utimesSync(path, LONG_AGO, LONG_AGO)
  const hash = async (): Promise<string | undefined> => (await catalogue.menu())[0]?.sha256
  t.is(await hash(), sha256('one'))
  write('a.txt', 'two')
  utimesSync(path, LONG_AGO, LONG_AGO)
  t.is(await hash(), sha256('two'))
  renameSync(write('new', 'six'), path)
  t.is(await hash(), sha256('six'))
  rmSync(path)
  t.deepEqual(await names(), [])
  t.is(await catalogue.open('a.txt'), undefined)
  mkdirSync(join(content, 'a.txt'))
  t.is(await catalogue.open('a.txt'), undefined)
})

test('written again within one tick of the clock, it is still noticed', async (t) => {
  const { catalogue, write } = await setUp(t)
  for (let n = 0; n < 50; n++) {
    const text = `version ${String(n).padStart(3, '0')}`
    write('a.txt', text)
    t.is((await catalogue.menu())[0]?.sha256, sha256(text))
  }
})

test('many ask at once: the file is read by one, and each gets his own handle', async (t) => {
  const { catalogue, write } = await setUp(t)
  write('big', Buffer.alloc(3_000_000, 'x'))
  const opened = await Promise.all(Array.from({ length: 20 }, () => catalogue.open('big')))
  t.is(new Set(opened.map((it) => it?.handle.fd)).size, 20)
  t.is(new Set(opened.map((it) => it?.sha256)).size, 1)
  for (const it of opened) await it?.handle.close()
})

test('titles that are not valid are told, and the menu goes on with names', async (t) => {
  const { catalogue, write, events } = await setUp(t)
  write('a.txt', 'a')
  for (const text of ['{', '[]', '{"a.txt": 7}', '{"a.txt": ""}', `{"a.txt": "${'x'.repeat(501)}"}`]) {
    write('titles.json', text)
    t.like(await catalogue.menu(), [{ title: 'a.txt' }])
    t.is(events.at(-1)?.event, 'titles.invalid')
  }
  write('titles.json', '{"__proto__": "p", "a.txt": "A"}')
  t.like(await catalogue.menu(), [{ title: 'A' }])
})

test('more files than a menu has room for are told, not offered', async (t) => {
  const { names, content, events } = await setUp(t)
  for (let n = 0; n < 10_003; n++) writeFileSync(join(content, `f${n}`), '')
  t.is((await names()).length, 10_000)
  t.like(events, [{ event: 'content.too-many', offered: 10_000, left: 3 }])
})

test('after closing nothing is read any more', async (t) => {
  const { catalogue, write, names } = await setUp(t)
  write('a.txt', 'a')
  catalogue.close()
  t.deepEqual(await names(), [])
  t.is(await catalogue.open('a.txt'), undefined)
})
