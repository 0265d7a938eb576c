import test from 'ava'
import {
  type Component,
  contentDigest,
  hmacIsOf,
  signatureBase,
  signatureParams,
  signHmac,
} from '../../../server/settlement/signature.ts'

/** RFC 9421 appendix B.1.5, test-shared-secret. */
const SECRET = Buffer.from(
  'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==',
  'base64',
)
/** RFC 9421 appendix B.2.5: components of test-request. */
const COMPONENTS: readonly Component[] = [
  ['"date"', 'Tue, 20 Apr 2021 02:07:55 GMT'],
  ['"@authority"', 'example.com'],
  ['"content-type"', 'application/json'],
]
const PARAMS = '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"'
const SIGNATURE = 'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8='

test('RFC 9421 B.2.5: parameters, base and signature with hmac-sha256', (t) => {
  const params = signatureParams(COMPONENTS, { created: 1618884473, keyId: 'test-shared-secret' })
  t.is(params, PARAMS)
  const base = signatureBase(COMPONENTS, params)
  t.is(
    base,
    [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@authority": example.com',
      '"content-type": application/json',
      `"@signature-params": ${PARAMS}`,
    ].join('\n'),
  )
  t.is(signHmac(SECRET, base), SIGNATURE)
  t.true(hmacIsOf(SECRET, base, SIGNATURE))
})

test('a nonce is the last parameter', (t) => {
  const params = signatureParams([['"@method"', 'GET']], { created: 1, keyId: 'k', nonce: 'abc' })
  t.is(params, '("@method");created=1;keyid="k";nonce="abc"')
  t.is(signatureBase([['"@method"', 'GET']], params), `"@method": GET\n"@signature-params": ${params}`)
})

test('a signature is of every byte of the base and of the key, and has its length', (t) => {
  const base = signatureBase(COMPONENTS, PARAMS)
  for (let at = 0; at < base.length; at++) {
    const other = `${base.slice(0, at)}${base[at] === 'x' ? 'y' : 'x'}${base.slice(at + 1)}`
    t.false(hmacIsOf(SECRET, other, SIGNATURE))
  }
  t.false(hmacIsOf(SECRET.subarray(1), base, SIGNATURE))
  t.false(hmacIsOf(SECRET, base, ''))
  t.false(hmacIsOf(SECRET, base, SIGNATURE.slice(0, 40)))
  t.false(hmacIsOf(SECRET, base, `${SIGNATURE}AAAA`))
})

test('RFC 9530 appendix B.1 and B.2: digest of a JSON content, and of nothing', (t) => {
  t.is(contentDigest(Buffer.from('{"hello": "world"}\n')), 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:')
  t.is(contentDigest(Buffer.alloc(0)), 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:')
})
