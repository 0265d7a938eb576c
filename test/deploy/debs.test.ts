import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { NODE } from '../../deploy/card-tree.ts'
import { cardDeb, hostDeb } from '../../deploy/deb.ts'
import { installed } from '../../deploy/image/needs.ts'
import { folder, notRun, reachesRegistry, run } from './installed.ts'

/** Said of what this project cannot or does not want to change; anything else that lintian calls an error is one. */
const TOLERATED = [
  // The project has no mail host to name.
  'bogus-mail-host',
  'bogus-mail-host-in-debian-changelog',
  // Licences are given in full, as their owners wrote them.
  'copyright-file-contains-full-apache-2-license',
  'copyright-not-using-common-license-for-apache2',
  'copyright-not-using-common-license-for-gpl',
  // Node, as its makers build it.
  'embedded-library',
  // zstd, which dpkg reads since Debian 12 and lintian of that Debian does not know.
  'malformed-deb-archive',
  ...(installed('aarch64-linux-gnu-strip') ? [] : ['unstripped-binary-or-object']),
]

interface Entry {
  readonly mode: string
  readonly owner: string
  readonly path: string
}

function entries(deb: string): readonly Entry[] {
  const listing = execFileSync('dpkg-deb', ['--contents', deb], { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 })
  return listing
    .trim()
    .split('\n')
    .map((line) => {
      const [mode = '', owner = '', , , , path = ''] = line.split(/\s+/)
      return { mode, owner, path: path.slice(1) }
    })
}

/** Made twice, in other folders and under another umask. @returns the first; undefined, said aloud, where none can be made */
async function twice(t: ExecutionContext, make: (to: string) => Promise<string>): Promise<string | undefined> {
  if (!installed('dpkg-deb')) {
    notRun(t, 'there is no dpkg-deb')
    return undefined
  }
  let first: string
  try {
    first = await make(folder(t))
  } catch (error) {
    if (await reachesRegistry()) throw error
    notRun(t, 'npm reaches no registry, and the board’s Node was not downloaded before')
    return undefined
  }
  const before = process.umask(0o077)
  const second = await make(folder(t)).finally(() => process.umask(before))
  t.true(readFileSync(first).equals(readFileSync(second)), 'two builds differ')
  return first
}

function belongs(t: ExecutionContext, deb: string, places: RegExp): void {
  const all = entries(deb)
  t.deepEqual(
    all.filter(({ owner }) => owner !== 'root/root'),
    [],
  )
  t.deepEqual(
    all.filter(({ mode }) => !/^[d-]rwxr-xr-x$|^-rw-r--r--$/.test(mode)),
    [],
    'modes other than 755 and 644',
  )
  t.deepEqual(
    all.filter(({ path }) => !path.endsWith('/') && !places.test(path)),
    [],
    'files in other places',
  )
}

async function lint(t: ExecutionContext, deb: string): Promise<void> {
  if (!installed('lintian')) return notRun(t, 'lintian is not here (apt-get install lintian)')
  const args = ['--allow-root', '--fail-on', 'error', '--suppress-tags', TOLERATED.join(','), deb]
  await t.notThrowsAsync(
    run('lintian', args).catch((error: { readonly stdout?: string }) => {
      throw new Error(error.stdout ?? String(error))
    }),
  )
}

test.serial('the card’s package: the same bytes twice, nothing out of place, and no error for lintian', async (t) => {
  t.timeout(600_000)
  const deb = await twice(t, cardDeb)
  if (deb === undefined) return
  belongs(
    t,
    deb,
    /^\/(usr\/lib\/keyline\/|usr\/bin\/keyline-card$|usr\/lib\/(systemd\/system|sysusers\.d|udev\/rules\.d)\/[^/]*keyline|etc\/keyline\/card\.env$|usr\/share\/doc\/keyline-card\/)/,
  )
  const paths = entries(deb).map(({ path }) => path)
  const native = paths.filter((path) => path.endsWith('.node'))
  t.deepEqual(native.map((path) => path.split('/').at(-1)).sort(), [
    '@serialport+bindings-cpp.armv8.glibc.node',
    'koffi.node',
  ])
  for (const path of ['dist/card.mjs', 'dist/profiles/none.json', 'node', 'gadget.sh']) {
    t.true(paths.includes(`/usr/lib/keyline/${path}`), path)
  }
  const field = (name: string): string => execFileSync('dpkg-deb', ['--field', deb, name], { encoding: 'utf8' }).trim()
  t.is(field('Package'), 'keyline-card')
  t.is(field('Architecture'), 'arm64')
  t.regex(field('Depends'), /systemd \(>= 253\)/)
  const tree = folder(t)
  await run('dpkg-deb', ['--raw-extract', deb, join(tree, 'root')])
  t.is(readFileSync(join(tree, 'root/DEBIAN/conffiles'), 'utf8'), '/etc/keyline/card.env\n')
  const copyright = readFileSync(join(tree, 'root/usr/share/doc/keyline-card/copyright'), 'utf8')
  for (const name of ['serialport', 'johnny-five', 'zod', 'tweetnacl', 'koffi', 'Node']) {
    t.regex(copyright, new RegExp(`^## (@serialport/)?${name}$`, 'm'))
  }
  await lint(t, deb)
})

for (const architecture of ['amd64', 'arm64'] as const) {
  test.serial(`the PC’s package for ${architecture}: the same, and no binding of another computer`, async (t) => {
    t.timeout(300_000)
    const deb = await twice(t, (to) => hostDeb(to, architecture))
    if (deb === undefined) return
    belongs(
      t,
      deb,
      /^\/(usr\/lib\/keyline-host\/|usr\/bin\/keyline$|usr\/lib\/udev\/rules\.d\/60-keyline-host\.rules$|usr\/share\/doc\/keyline-host\/)/,
    )
    const native = entries(deb).filter(({ path }) => path.endsWith('.node'))
    const one = architecture === 'amd64' ? 'linux-x64' : 'linux-arm64'
    t.is(native.length, 1)
    t.true(native[0]?.path.includes(`/prebuilds/${one}/`))
    await lint(t, deb)
  })
}

test('the board’s Node is the one that everything else is tested with', (t) => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { devDependencies } = JSON.parse(text) as { readonly devDependencies: { readonly node: string } }
  t.is(NODE.version, devDependencies.node)
})
