import test from 'ava'
import { HEAD_BYTES, kindOf } from '../../../server/delivery/kind.ts'
import { isSafeName } from '../../../server/delivery/safe-name.ts'
import { seeded } from '../../random.ts'

const hex = (text: string): Uint8Array => Buffer.from(text, 'hex')

test('kinds are told by what the bytes are', (t) => {
  for (const [bytes, kind] of [
    [Buffer.from('GIF87a'), 'gif'],
    [Buffer.from('GIF89a rest'), 'gif'],
    [hex('ffd8ffe0'), 'jpeg'],
    [hex('000001ba44'), 'mpeg'],
    [hex('000001b3'), 'mpeg'],
    [Buffer.from('ID3\x04'), 'mp3'],
    [hex('fffb9064'), 'mp3'], // MPEG-1 layer III
    [hex('fff35064'), 'mp3'], // MPEG-2 layer III
    [hex('ffe35064'), 'mp3'], // MPEG-2.5 layer III
    [hex('fffd9064'), 'program'], // layer II
    [hex('fffbf064'), 'program'], // no such bit rate
    [hex('fffb9c64'), 'program'], // no such sampling rate
    [Buffer.from('#!/usr/bin/env node\n'), 'program'],
    [hex('7f454c46'), 'program'],
    [Buffer.from('MZ\0\0'), 'program'],
    [Buffer.from('plain'), 'text'],
    [Buffer.from('日本語\tタブ\r\n'), 'text'],
    [hex('efbbbf61'), 'text'],
    [new Uint8Array(0), 'text'],
    [hex('61ff'), 'program'], // no UTF-8
    [hex('c080'), 'program'], // overlong
    [hex('eda080'), 'program'], // a surrogate
    [Buffer.from('nul\0'), 'program'],
    [hex('fffe61000a00'), 'program'], // UTF-16
    [hex('e697'), 'program'], // cut within a character
    [hex('000001'), 'program'],
  ] as const) {
    t.is(kindOf(bytes), kind, Buffer.from(bytes).toString('hex'))
  }
})

test('text that is longer than what is looked at may be cut within a character', (t) => {
  const text = Buffer.from('日'.repeat(HEAD_BYTES))
  for (let shift = 0; shift < 3; shift++) t.is(kindOf(text.subarray(shift * 3, shift * 3 + HEAD_BYTES)), 'text')
})

test('safe names can mean one file in one folder and nothing else', (t) => {
  for (const name of [
    'a',
    'a.txt',
    'two words',
    '..a.txt'.slice(1).replace('.', ''),
    'é',
    '日本',
    'a..b',
    '~',
    '-rf',
  ]) {
    t.true(isSafeName(name), name)
  }
  const unsafe = ['', '.', '..', '.a', 'a/b', '/', 'a\\b', 'a\0', 'a\n', '\x7f', '\x9b', '\u202e', '\ufeff', '\u2028']
  for (const name of [...unsafe, '\ud800', '\ue000', 'x'.repeat(256), 'é'.repeat(128)]) {
    t.false(isSafeName(name), JSON.stringify(name))
  }
  t.true(isSafeName('x'.repeat(255)))
})

test('no name made of the dangerous characters is safe and still leaves its folder', (t) => {
  const SEED = 4711
  const below = seeded(SEED)
  const alphabet = ['.', '..', '/', '\\', '\0', 'a', ' ', '\n', '\u200b', '%2f', '~']
  for (let n = 0; n < 5000; n++) {
    const name = Array.from({ length: below(6) }, () => alphabet[below(alphabet.length)]).join('')
    if (!isSafeName(name)) continue
    const url = new URL(`file:///base/${encodeURIComponent(name)}`)
    t.is(url.pathname.split('/').length, 3, `seed ${SEED}: ${JSON.stringify(name)}`)
  }
})
