import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { Recorder } from '../../sim/recorder.ts'
import { folder } from './fixture.ts'

test('bytes are in the file as soon as they were written; after closing nothing more is', (t) => {
  const path = join(folder(t), 'new', 'taps')
  const recorder = new Recorder(path)
  t.teardown(() => recorder.close())
  const up = recorder.tap('call-1-up')
  const file = join(path, 'call-1-up.bin')
  t.is(readFileSync(file).length, 0)
  up.write(Uint8Array.of(0, 255))
  up.write(Uint8Array.of(13))
  t.deepEqual([...readFileSync(file)], [0, 255, 13])
  up.close()
  up.close()
  up.write(Uint8Array.of(1))
  t.is(readFileSync(file).length, 3)
})

test('a new run begins its files anew', (t) => {
  const path = folder(t)
  writeFileSync(join(path, 'call-1-up.bin'), 'of the run before')
  const recorder = new Recorder(path)
  recorder.tap('call-1-up').write(Uint8Array.of(65))
  recorder.close()
  t.is(readFileSync(join(path, 'call-1-up.bin'), 'latin1'), 'A')
})

test('without a folder nothing is recorded', (t) => {
  const before = readdirSync('.')
  const tap = new Recorder(undefined).tap('x')
  tap.write(Uint8Array.of(1))
  tap.close()
  t.deepEqual(readdirSync('.'), before)
})

test('a folder that cannot be is told with its cure', (t) => {
  const file = join(folder(t), 'file')
  writeFileSync(file, '')
  t.throws(() => new Recorder(file), { code: 'RECORD_FOLDER_UNUSABLE', message: /file/ })
  t.true(existsSync(file))
})
