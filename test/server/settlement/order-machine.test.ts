import { readFileSync } from 'node:fs'
import test from 'ava'
import {
  firstAsk,
  isOpen,
  type Move,
  move,
  type OpenState,
  type Said,
} from '../../../server/settlement/order-machine.ts'

const DOCUMENT = readFileSync(new URL('../../../docs/states/order.md', import.meta.url), 'utf8')
const OPEN: readonly OpenState[] = ['authorising', 'authorised']
const SAID: readonly Said[] = ['unreachable', 'unknown', 'authorised', 'captured', 'voided', 'refused']

interface Row {
  readonly state: string
  readonly said: string
  readonly becomes: string
  readonly ask: string
  readonly odd: string
}

const TABLE: readonly Row[] = DOCUMENT.split('\n')
  .filter((line) => /^\| (authorising|authorised) /.test(line))
  .map((line) => {
    const [, state = '', said = '', becomes = '', ask = '', odd = ''] = line.split('|').map((cell) => cell.trim())
    return { state, said, becomes, ask, odd }
  })

function rowOf(state: string, said: string, { becomes, ask, odd }: Move): Row {
  return { state, said, becomes, ask: ask ?? '', odd: odd ? 'odd' : '' }
}

const all = OPEN.flatMap((state) => SAID.map((said) => ({ state, said, it: move(state, said) })))

test('the machine is the table of docs/states/order.md, each row and nothing else', (t) => {
  t.deepEqual(
    all.map(({ state, said, it }) => rowOf(state, said, it)),
    [...TABLE],
  )
})

test('an order ends only on what is final at the acquirer, and what is captured is always paid', (t) => {
  for (const { said, it } of all) {
    t.is(isOpen(it.becomes), it.ask !== undefined, 'an end asks nothing, an open order asks on')
    if (said === 'captured') t.is(it.becomes, 'paid')
    if (it.becomes === 'paid') t.is(said, 'captured')
    if (it.becomes === 'voided') t.true(said === 'voided' || said === 'refused')
    if (it.becomes === 'refused') t.is(said, 'refused')
  }
})

test('money is taken only when authorised was written down, and nobody without the card number authorises', (t) => {
  for (const { state, said, it } of all) {
    if (it.ask === 'capture') t.is(it.becomes, 'authorised', `${state} ${said}`)
    t.not(it.ask, 'authorise')
  }
  for (const state of OPEN) t.not(firstAsk(state), 'authorise')
  t.not(firstAsk('authorising'), 'capture')
})

test('only two states are open', (t) => {
  const states = ['authorising', 'authorised', 'paid', 'refused', 'voided'] as const
  t.deepEqual(states.filter(isOpen), [...OPEN])
})
