import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { enrolled, USER } from './fixture.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

test('the example of the README runs as it stands', async (t) => {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? ''
  const world = await enrolled(t)
  const program = example
    .replace("'./host-driver/index.ts'", `'${ROOT}host-driver/index.ts'`)
    .replace("'/dev/ttyACM0'", `'${world.cardPort}'`)
    .replace("'alice'", `'${USER}'`)
  t.true(program.includes(ROOT) && program.includes(world.cardPort) && program.includes(USER))
  const path = join(world.folder, 'example.ts')
  await writeFile(path, program)
  const args = ['--disable-warning=ExperimentalWarning', path]
  const { stdout } = await run(process.execPath, args, { cwd: world.folder })
  t.regex(stdout, /^two-tones\.mp3 8482 Two tones/m)
  const received = await readFile(join(world.folder, 'two-tones.mp3'))
  t.deepEqual(received, await readFile(join(ROOT, 'demo/content/two-tones.mp3')))
})
