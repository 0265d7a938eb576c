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

test('a way out of a secret route that only some servers see is no way out', (t) => {
  const paths = [
    ...['/purchase/%252e%252e/menu', '/purchase%2f..%2fmenu', '/purchase/..%2fmenu', '/purchase%2f%2e%2e%2fmenu'],
    ...['/purchase%5c..%5cmenu', '/purchase/%5c..%5cmenu', '/purchase;a/..%2fmenu', '/%70urchase/%252e%252e/menu'],
    ...['/cards/number/%252e%252e/%252e%252e/menu', '/cards/x/..%2fnumber', '/x/..%2fpurchase/..%2f..%2fmenu'],
    ...['/purchase/%25252e%25252e', '/purchase/..;/menu', '/;x%252fx/purchase'],
  ]
  for (const path of paths) t.throws(() => internetPath(path, SECRET), { code: 'ROUTE_NEEDS_LINE' }, path)
  // Plain dots are resolved before anything is sent: the server never sees what was before them.
  t.is(internetPath('/purchase/../menu', SECRET), '/menu')
  t.is(internetPath('/purchase/%2e%2e/menu', SECRET), '/menu')
  t.is(internetPath('/cards/..%2fmenu', SECRET), '/cards/..%2fmenu')
})

test(`no reader of 100,000 odd paths finds a secret route, with dots resolved or as names (seed ${SEED})`, (t) => {
  const random = seeded(SEED)
  const pieces = [
    '/',
    '%2f',
    '%252f',
    '%5c',
    '..',
    '%2e%2e',
    '%252e%252e',
    '.',
    ';',
    ';x',
    'x',
    'purchase',
    '%70urchase',
  ]
  let passed = 0
  for (let n = 0; n < 100_000; n++) {
    const path = `/${Array.from({ length: 1 + random(7) }, () => pieces[random(pieces.length)]).join('')}`
    let sent = ''
    try {
      sent = internetPath(path, SECRET)
    } catch {
      continue
    }
    passed++
    for (const found of readings(sent)) if (found.startsWith('/purchase/')) t.fail(`${path} → ${sent} read as ${found}`)
  }
  t.true(passed > 10_000)
})

/** What servers do with a path: decode it 0 … 3 times, cut parameters or not, resolve dots or not. */
function readings(path: string): string[] {
  const all: string[] = []
  let now = path
  for (let n = 0; n < 4; n++) {
    for (const text of [now, now.replace(/;[^/\\]*/g, '')]) {
      const parts = text.split(/[/\\]+/).filter((part) => part !== '' && part !== '.')
      all.push(`/${parts.join('/')}/`)
      const resolved: string[] = []
      for (const part of parts) {
        if (part === '..') resolved.pop()
        else resolved.push(part)
      }
      all.push(`/${resolved.join('/')}/`)
    }
    now = now.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
  return all
}

test('a route that is listed with encodings is found without them, and in others', (t) => {
  for (const path of ['/k%C3%A4se', '/%6b%c3%a4SE', '/k%25C3%25A4se/1', '/ka%CC%88se']) {
    t.throws(() => internetPath(path, ['/k%c3%a4se']), { code: 'ROUTE_NEEDS_LINE' }, path)
  }
  t.is(internetPath('/kase', ['/k%c3%a4se']), '/kase')
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
