import { inspect } from 'node:util'
import test from 'ava'
import { Secret } from '../../keys/secret.ts'

test('no way of printing shows the bytes', (t) => {
  const secret = new Secret(Buffer.from('swordfish'))
  t.is(`${secret}`, '[secret 9 B]')
  t.is(JSON.stringify({ secret }), '{"secret":"[secret 9 B]"}')
  t.is(inspect({ secret }, { showHidden: true, depth: 9 }), '{ secret: [secret 9 B] }')
})

test('wiping overwrites the memory and later use throws', (t) => {
  const bytes = Uint8Array.of(1, 2, 3)
  const secret = new Secret(bytes)
  secret.wipe()
  secret.wipe()
  t.deepEqual(bytes, new Uint8Array(3))
  t.true(secret.wiped)
  t.throws(() => secret.reveal(), { instanceOf: RangeError })
})

test('comparison tells equal from different', (t) => {
  const make = (...bytes: number[]) => new Secret(Uint8Array.from(bytes))
  t.true(make(1, 2).equals(make(1, 2)))
  t.false(make(1, 2).equals(make(1, 3)))
  t.false(make(1, 2).equals(make(1)))
})
