import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import { seeded } from '../../random.ts'
import { parseTranscripts, play } from './transcript.ts'

const SEED = 20_000_523
const SPLITS = 200
const CASES_LEAST = 150
const FOLDER = new URL('transcripts/', import.meta.url)

const cases = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.txt'))
  .flatMap((name) =>
    parseTranscripts(readFileSync(new URL(name, FOLDER), 'utf8')).map((transcript) => ({
      ...transcript,
      title: `${name} ${transcript.title}`.trim(),
    })),
  )

test(`there are at least ${CASES_LEAST} transcripts, each with a title of its own`, (t) => {
  t.true(cases.length >= CASES_LEAST, String(cases.length))
  t.is(new Set(cases.map(({ title }) => title)).size, cases.length)
  t.deepEqual(
    cases.filter(({ expected }) => expected.length === 0),
    [],
  )
})

for (const transcript of cases) {
  test(`${transcript.title}: whole, byte by byte, and in ${SPLITS} random splits (seed ${SEED})`, async (t) => {
    const expected = [...transcript.expected]
    t.deepEqual(await play(transcript, () => 1 << 20), expected, 'whole')
    t.deepEqual(await play(transcript, () => 1), expected, 'byte by byte')
    const random = seeded(SEED)
    for (let n = 0; n < SPLITS; n++) {
      const most = 1 + random(40)
      t.deepEqual(await play(transcript, () => 1 + random(most)), expected, `split ${n}`)
    }
  })
}
