import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'

const cache = mkdtempSync(join(tmpdir(), 'keyline-cache-'))
process.env.KEYLINE_CACHE = cache
// After that: the cache is chosen when it is loaded.
const { npmFile } = await import('../../deploy/download.ts')
test.after.always(() => rmSync(cache, { recursive: true, force: true }))

test('what is not what its integrity says is refused and thrown away', (t) => {
  const file = join(cache, 'npm/scope-name-1.0.0.tgz')
  mkdirSync(join(cache, 'npm'))
  writeFileSync(file, 'something else')
  const wanted = { name: '@scope/name', version: '1.0.0', integrity: `sha512-${'A'.repeat(86)}==` }
  t.throws(() => npmFile(wanted), { message: /@scope\/name@1\.0\.0 is not what it was: expected sha512-AAA/ })
  t.false(existsSync(file))
})
