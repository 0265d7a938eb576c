import test from 'ava'
import { internetPath } from '../../../host-driver/requests/secret-routes.ts'
import { seeded } from '../../random.ts'

const SEED = 30_34
const SECRET = ['/purchase', '/cards/number']

test('paths that are not secret pass as they are', (t) => {
  for (const path of [
    '/',
    '/menu',
    '/menu?x=/purchase',
    '/content/100%25.txt',
    '/content/a%20b',
    '/cards',
    '/purchases',
  ]) {
    t.is(internetPath(path, SECRET), path)
  }
})

test('dots are resolved before the path is sent, so that both ends read the same', (t) => {
  t.is(internetPath('/a/../menu', SECRET), '/menu')
  t.is(internetPath('/./menu', SECRET), '/menu')
})

test('what is below a secret route is secret', (t) => {
  for (const path of ['/purchase/1', '/purchase/1/2?x', '/cards/number/', '/cards/number;v=1', '/purchase%2F1']) {
    t.throws(() => internetPath(path, SECRET), { code: 'ROUTE_NEEDS_LINE' }, path)
  }
})

test('a secret root shuts the Internet path altogether', (t) => {
  t.throws(() => internetPath('/anything', ['/']), { code: 'ROUTE_NEEDS_LINE' })
})

test('no list, no refusal', (t) => {
  t.is(internetPath('/purchase', []), '/purchase')
})

test(`10,000 spellings of a secret route are all refused (seed ${SEED})`, (t) => {
  const random = seeded(SEED)
  const spell = (letter: string): string => {
    const hex = letter.charCodeAt(0).toString(16)
    const forms = [letter, letter.toUpperCase(), `%${hex}`, `%${hex.toUpperCase()}`, `%25${hex}`]
    return forms[random(forms.length)] ?? letter
  }
  const slash = (): string => ['/', '//', '/./', '/x/../', '/%2e/'][random(5)] ?? '/'
  for (let n = 0; n < 10_000; n++) {
    const [first = '', ...rest] = ['cards', 'number'].map((part) => [...part].map(spell).join(''))
    const path = `${slash()}${first}${rest.map((part) => slash() + part).join('')}`
    t.throws(() => internetPath(path, SECRET), { code: 'ROUTE_NEEDS_LINE' }, path)
  }
})
