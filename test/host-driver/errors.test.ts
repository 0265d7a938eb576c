import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { exitCode, fault, KeylineError, reportOf, systemCode, unexpected } from '../../host-driver/errors.ts'
import { isStep } from '../../host-driver/events.ts'
import { EXIT, FAULTS, type FaultCode } from '../../host-driver/faults.ts'

const SOURCES = fileURLToPath(new URL('../../host-driver', import.meta.url))
const CODES = Object.keys(FAULTS) as FaultCode[]

test('every code is UPPER_SNAKE, says what happened and what to do, in sentences that can be joined', (t) => {
  for (const code of CODES) {
    const { what, cure, exit } = FAULTS[code]
    t.regex(code, /^[A-Z][A-Z_]+$/)
    t.true(what.length > 5 && cure.length > 3, code)
    t.notRegex(`${what}|${cure}`, /\.(\||$)/, code)
    t.true(exit in EXIT)
  }
})

test('every code is used somewhere', (t) => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const text = files.map((name) => readFileSync(join(SOURCES, name), 'utf8')).join('\n')
  for (const code of CODES) t.true(text.split(`'${code}'`).length > 1 || text.split(`${code}:`).length > 2, code)
})

test('an error carries code, what, cure and cause; its message is made of them', (t) => {
  const cause = new Error('deep')
  const error = fault('DISK_FULL', { cause })
  t.true(error instanceof KeylineError && error instanceof Error)
  t.is(error.message, `${FAULTS.DISK_FULL.what}; ${FAULTS.DISK_FULL.cure}`)
  t.is(error.cause, cause)
  t.is(fault('DISK_FULL', { what: 'no room on /mnt' }).what, 'no room on /mnt')
  t.false('cause' in fault('DISK_FULL'))
})

test('a report has no cause and no stack', (t) => {
  const report = reportOf(fault('CARD_GONE', { cause: new Error('secret path') }))
  t.deepEqual(Object.keys(report).sort(), ['code', 'cure', 'origin', 'what'])
  t.false(JSON.stringify(report).includes('secret path'))
})

test('what was not foreseen is told as such', (t) => {
  t.is(unexpected(new TypeError('x is not a function')).code, 'UNEXPECTED')
  t.is(unexpected('thrown text').code, 'UNEXPECTED')
  const known = fault('USAGE')
  t.is(unexpected(known), known)
  t.is(reportOf(null).code, 'UNEXPECTED')
})

test('exit codes by where a fault was found', (t) => {
  const report = { code: 'ANYTHING', what: 'w', cure: 'c' }
  t.is(exitCode(new KeylineError({ ...report, origin: 'card' })), 4)
  t.is(exitCode(new KeylineError({ ...report, origin: 'server' })), 3)
  t.is(exitCode(new KeylineError({ ...report, origin: 'here' })), 1)
  t.is(exitCode(new KeylineError({ ...report, code: 'toString', origin: 'here' })), 1)
  t.is(exitCode(fault('USAGE')), 2)
  t.is(exitCode(fault('CARD_GONE')), 4)
  t.is(exitCode(fault('INTERNET_BROKEN')), 5)
  t.is(exitCode(fault('LOGIN_REFUSED')), 3)
  t.is(exitCode(fault('DISK_FULL')), 1)
})

test('codes of the system', (t) => {
  t.is(systemCode(Object.assign(new Error(), { code: 'ENOSPC' })), 'ENOSPC')
  t.is(systemCode(new Error()), undefined)
  t.is(systemCode({ code: 'ENOSPC' }), undefined)
  t.is(systemCode(Object.assign(new Error(), { code: 5 })), undefined)
})

test('steps are those of all embodiments', (t) => {
  for (const step of ['S1', "S7'", "S17'", 'S18', 'S30', 'S70']) t.true(isStep(step), step)
  for (const step of ['s1', 'S', 'S0', 'S01', 'S71', 'S99', 'S100', "S'", 'S1\n', ' S1', "S1''", 'toString', ''])
    t.false(isStep(step), step)
})
