import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { RUN, readOptions } from '../../../server/arguments.ts'
import { ServerError } from '../../../server/errors.ts'
import { readAcquirerKey } from '../../../server/settlement/acquirer-key.ts'
import { acquirerUrl } from '../../../server/settlement/acquirer-url.ts'
import { makeKeyFile } from '../../../sim/acquirer/process.ts'
import { folder } from '../world.ts'

const BASE64 = Buffer.alloc(32, 9).toString('base64')

function file(t: ExecutionContext, content: string | Uint8Array, mode = 0o600): string {
  const path = join(folder(t), 'key')
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

async function refusal(t: ExecutionContext, path: string): Promise<string> {
  const error = await t.throwsAsync(readAcquirerKey(path), { instanceOf: ServerError })
  t.is(error.code, 'ACQUIRER_KEY_UNUSABLE')
  return error.message
}

test('the first line of the key file is KEYID:BASE64', async (t) => {
  for (const text of [`shop-1:${BASE64}`, `shop-1:${BASE64}\nmore`, `shop-1:${BASE64}\r\n`]) {
    const { keyId, key } = await readAcquirerKey(file(t, text))
    t.is(keyId, 'shop-1')
    t.deepEqual(Buffer.from(key.reveal()), Buffer.alloc(32, 9))
  }
  const made = join(folder(t), 'made')
  makeKeyFile(made)
  t.is((await readAcquirerKey(made)).key.length, 32)
})

test('what is no key is refused, and never repeated', async (t) => {
  for (const text of [
    ...[
      '',
      '\n',
      BASE64,
      `:${BASE64}`,
      `shop 1:${BASE64}`,
      `shop-1: ${BASE64}`,
      `shop-1:${BASE64}x`,
      `"shop":${BASE64}`,
    ],
    ...[`shop-1:${Buffer.alloc(31, 9).toString('base64')}`, `shop-1:${BASE64.slice(0, -3)}*==`, `\nshop-1:${BASE64}`],
    ...[`shop-1:${Buffer.alloc(32, 250).toString('base64url')}`, `${'k'.repeat(65)}:${BASE64}`],
  ]) {
    const message = await refusal(t, file(t, text))
    t.false(message.includes(BASE64.slice(0, 8)))
  }
  await refusal(t, file(t, 'x'.repeat(5000)))
  await refusal(t, file(t, Buffer.from([0, 255, 128])))
})

test('a key that others may read is refused, and so is what is no file', async (t) => {
  for (const mode of [0o640, 0o604, 0o660, 0o610]) {
    t.regex(await refusal(t, file(t, `shop-1:${BASE64}`, mode)), /others may read/)
  }
  const own = folder(t)
  await refusal(t, join(own, 'absent'))
  mkdirSync(join(own, 'folder'), { mode: 0o700 })
  await refusal(t, join(own, 'folder'))
  symlinkSync('/dev/zero', join(own, 'zero'))
  await refusal(t, join(own, 'zero'))
})

test('https everywhere, http to this machine only, and nothing but a place', (t) => {
  for (const url of [
    ...['https://acquirer.example', 'https://acquirer.example:8443/card/v1/', 'http://127.0.0.1:9000'],
    ...['http://localhost:9000', 'http://[::1]:9000/x', 'http://127.1.2.3', 'HTTPS://ACQUIRER.EXAMPLE'],
  ]) {
    t.true(acquirerUrl.safeParse(url).success, url)
  }
  for (const url of [
    ...['', 'acquirer.example', 'http://acquirer.example', 'http://127.0.0.1.example', 'http://localhost.example'],
    ...['ftp://127.0.0.1', 'file:///etc/passwd', 'http://user@127.0.0.1', 'https://a:b@acquirer.example'],
    ...[
      'https://acquirer.example?x=1',
      'https://acquirer.example/#x',
      'javascript:1',
      'http://0.0.0.0',
      'http://10.0.0.1',
    ],
    ...['http://[::ffff:10.0.0.1]', `https://${'a'.repeat(3000)}.example`],
  ]) {
    t.false(acquirerUrl.safeParse(url).success, url)
  }
})

test('both options or none', (t) => {
  const names = { data: 's', content: 's', acquirer: 's', 'acquirer-key': 's' }
  const options = Object.fromEntries(Object.keys(names).map((name) => [name, { type: 'string' as const }]))
  const read = (...argv: readonly string[]) => readOptions(RUN, options, [], ['--data', 'd', '--content', 'c', ...argv])
  t.is(read().options.acquirer, undefined)
  const both = read('--acquirer', 'https://a.example', '--acquirer-key', 'k').options
  t.is(both.acquirer?.href, 'https://a.example/')
  t.is(both['acquirer-key'], 'k')
  for (const [argv, message] of [
    [['--acquirer', 'https://a.example'], /--acquirer-key is missing/],
    [['--acquirer-key', 'k'], /--acquirer is missing/],
    [['--acquirer', 'http://a.example', '--acquirer-key', 'k'], /--acquirer expected https/],
    [['--acquirer', 'https://a.example', '--acquirer-key', ''], /--acquirer-key is missing/],
  ] as const) {
    t.throws(() => read(...argv), { instanceOf: ServerError, message })
  }
})
