import test from 'ava'
import fc from 'fast-check'
import { couldMean, readTarget } from '../../../server/app/target.ts'

test('plain paths are what they are, with their query apart', (t) => {
  for (const path of [
    '/',
    '/basket',
    '/goods/L-100',
    '/shop/style.css',
    '/tag/AbC_-9',
    '/orders/K-000012',
    '/session',
  ]) {
    t.deepEqual(readTarget(path), { path, query: '' })
    t.deepEqual(readTarget(`${path}?a=%2Fpay&b=../x`), { path, query: 'a=%2Fpay&b=../x' })
  }
  t.deepEqual(readTarget('/basket?'), { path: '/basket', query: '' })
})

test('names of content may be encoded, and nothing else', (t) => {
  for (const name of [
    'note.txt',
    '%CF%80%20%26.bin',
    'a;b.txt',
    '%',
    '%zz',
    '...',
    '..a',
    '%2e%2e%2fx',
    "it's(1)*.txt",
  ]) {
    t.deepEqual(readTarget(`/content/${name}`), { path: `/content/${name}`, query: '' }, name)
  }
  for (const name of ['', '.', '..', '%2e', '%2E%2e', '.%2e', 'a\\b', '/etc']) {
    t.is(readTarget(`/content/${name}`), undefined, name)
  }
})

test('what could be read in two ways is no path', (t) => {
  for (const raw of [
    '',
    '*',
    'basket',
    '//basket',
    '/basket/',
    '/./basket',
    '/x/../basket',
    '/%62asket',
    '/basket%2f',
    '/basket;x',
    '/basket#x',
    '/basket\\',
    '/bas ket',
    '/basket\0',
    '/basket%00',
    '/b\u00e4sket',
    'http://server/basket',
    'HTTPS://server:443/basket',
    '?x',
    '/goods/L.100',
    '/shop/style.css.css',
    '/shop/.css',
    `/${'a'.repeat(2048)}`,
  ]) {
    t.is(readTarget(raw), undefined, raw)
  }
})

test('whatever a server could take for a secret route is seen', (t) => {
  for (const raw of [
    '/pay',
    '/PAY',
    '/Pay/',
    '/pay/x',
    '/pay?tag=x',
    '/pay#x',
    '//pay',
    '///pay//',
    '/./pay',
    '/x/../pay',
    '/x/%2e%2e/pay',
    '/../pay',
    '/%70ay',
    '/%50%41%59',
    '/%2570ay',
    '/%2fpay',
    '/%252fpay',
    '/pay%2f',
    '/pay%3ftag',
    '\\pay',
    '/%5cpay',
    '/pay;jsessionid=1',
    '/pay%3bx',
    '/pay%00.html',
    '/pay%20',
    'http://server/pay',
    'HTTPS://user@server:1/pay',
    'pay',
  ]) {
    t.true(couldMean(raw, ['/pay']), raw)
  }
  for (const raw of [
    '/',
    '/payment',
    '/pa/y',
    '/tag/pay',
    '/content/pay',
    '/shop/pay',
    '/?/pay',
    '/pay/../basket',
    '*',
  ]) {
    t.false(couldMean(raw, ['/pay']), raw)
  }
})

test('property: a plain path has one reading, and only /pay itself and what is below it mean /pay', (t) => {
  const path = fc
    .array(fc.constantFrom('a', 'Z', '0', '-', '_', '.', '/', '%', '2', 'e', 'f', ';', '\\', 'p', 'y', '?'), {
      maxLength: 12,
    })
    .map((parts) => `/${parts.join('')}`)
  fc.assert(
    fc.property(path, (raw) => {
      const target = readTarget(raw)
      if (target === undefined || target.path.startsWith('/content/')) return
      const url = new URL(`http://server${target.path}`)
      t.is(url.pathname, target.path)
      t.is(decodeURIComponent(target.path), target.path)
      t.is(couldMean(raw, ['/pay']), /^\/pay(\/|$)/i.test(target.path))
    }),
    { seed: 20_000_523, numRuns: 5000 },
  )
})
