import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import { seeded } from '../../random.ts'
import { parseTranscript, play } from './transcript.ts'

const SEED = 20_000_523
const SPLITS = 200
const FOLDER = new URL('transcripts/', import.meta.url)

const names = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'))

test('there are transcripts', (t) => {
  t.true(names.length >= 12)
})

for (const name of names) {
  const transcript = parseTranscript(readFileSync(new URL(name, FOLDER), 'utf8'))

  test(`${name}: fed whole`, (t) => {
    t.true(transcript.expected.length > 0)
    t.deepEqual(
      play(transcript, () => 1 << 20),
      [...transcript.expected],
    )
  })

  test(`${name}: byte by byte, and in ${SPLITS} random splits (seed ${SEED})`, (t) => {
    t.deepEqual(
      play(transcript, () => 1),
      [...transcript.expected],
    )
    const random = seeded(SEED)
    for (let n = 0; n < SPLITS; n++) {
      const most = 1 + random(40)
      t.deepEqual(
        play(transcript, () => 1 + random(most)),
        [...transcript.expected],
        `split ${n}`,
      )
    }
  })
}
