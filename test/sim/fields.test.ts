import test from 'ava'
import { firstFault, NameField, NumberField, TargetField } from '../../sim/fields.ts'

test('numbers have 2 to 15 digits and perhaps a plus', (t) => {
  for (const right of ['11', '+81', '119', '+819012345678', '123456789012345'])
    t.true(NumberField.safeParse(right).success)
  for (const wrong of ['', '1', '+', '++81', '81-3', '1234567890123456', '+81\r', 119]) {
    t.false(NumberField.safeParse(wrong).success, String(wrong))
  }
})

test('names can stand in file names and nowhere else', (t) => {
  for (const right of ['a', 'usb', 'USB-2_x', '0', 'x'.repeat(32)]) t.true(NameField.safeParse(right).success)
  for (const wrong of ['', '.', '..', 'a/b', '-a', '_a', 'a b', 'ü', 'x'.repeat(33), 'a\n', null]) {
    t.false(NameField.safeParse(wrong).success, String(wrong))
  }
})

test('targets are a host and a port', (t) => {
  t.deepEqual(TargetField.parse('127.0.0.1:1'), { host: '127.0.0.1', port: 1 })
  t.deepEqual(TargetField.parse('[fe80::1]:65535'), { host: 'fe80::1', port: 65_535 })
  for (const wrong of ['', ':1', 'h', 'h:', 'h:x', 'h:0', 'h:65536', 'h:123456', 'fe80::1:1', 'a b:1', 'h:1/']) {
    t.false(TargetField.safeParse(wrong).success, wrong)
  }
})

test('the first fault is one that a person can act on', (t) => {
  const { error } = NumberField.safeParse('x')
  t.is(error && firstFault(error), 'expected a number like +81312345678')
})
