import { describe, expect, it } from 'vitest'
import { metadataOf, problemsAsGiven } from '../../../src/admin/clients/registration-fields.ts'
import type { Input } from '../../../src/admin/fields.ts'
import { parseClientMetadata } from '../../../src/clients/metadata.ts'

const portal = { name: '深圳市政务服务网', 'redirect-uri': ['https://www.sz.example/callback'] }
const publicKey = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
}
const byKey = { ...portal, 'auth-method': 'private_key_jwt' }
const service = { name: '电子证照库', type: 'service' }
const native = { name: '粤省事', type: 'native' }
const long = `https://www.sz.example/${'a'.repeat(3000)}`

const answerTo = (input: Input) => {
  const parsed = parseClientMetadata(metadataOf(input))
  return parsed.ok ? [] : problemsAsGiven(parsed.problems, input).map(({ field, message }) => `${field} ${message}`)
}

const redirect = (uri: string) => ({ ...portal, 'redirect-uri': [uri] })

describe('a registration is refused by the name of its field', () => {
  it.each<[string, Input, string]>([
    [
      'http away from loopback',
      redirect('http://www.sz.example/callback'),
      'redirect-uri "http://www.sz.example/callback" must begin with https://',
    ],
    [
      'http on an address that only looks like loopback',
      redirect('http://localhost.sz.example/'),
      'redirect-uri "http://localhost.sz.example/" must begin with https://',
    ],
    [
      'another scheme',
      redirect('ftp://www.sz.example/'),
      'redirect-uri "ftp://www.sz.example/" must begin with https://',
    ],
    ['a script', redirect('javascript:alert(1)'), 'redirect-uri "javascript:alert(1)" must begin with https://'],
    ['inline data', redirect('data:text/html,x'), 'redirect-uri "data:text/html,x" must begin with https://'],
    [
      'a fragment',
      redirect('https://www.sz.example/#here'),
      'redirect-uri "https://www.sz.example/#here" has a fragment',
    ],
    [
      'an empty fragment',
      redirect('https://www.sz.example/#'),
      'redirect-uri "https://www.sz.example/#" has a fragment',
    ],
    ...[
      'javascript:alert(1)',
      'data:text/html,x',
      'blob:https://www.sz.example/1',
      'vbscript:x',
      'file:///etc/passwd',
      'about:blank',
      'ws://www.sz.example/',
      'intent://x',
      'weixin://dl/business',
      'alipays://platformapi/startapp',
      'app://callback',
      'ie.http://www.sz.example/',
      'vnd.ms.radio:x',
      'mailto:a@sz.example',
      'view-source:https://www.sz.example/',
      'https://www.sz.example./cb',
      'https://www_sz.example/cb',
      'https://[2001:db8::1]/cb',
      'https://www.sz.example:6000/cb',
      'http://localhost:25/cb',
      'https://a@www.sz.example/cb',
      'https://www.sz.example/\tcb',
      ' https://www.sz.example/cb',
    ].flatMap((uri): [string, Input, string][] => [
      [`what no browser follows: ${JSON.stringify(uri)}`, redirect(uri), 'redirect-uri "'],
      [`the same of an app: ${JSON.stringify(uri)}`, { ...native, 'redirect-uri': [uri] }, 'redirect-uri "'],
    ]),
    ['a wildcard host', redirect('https://*.sz.example/'), 'redirect-uri "https://*.sz.example/" has a wildcard'],
    ['a wildcard path', redirect('https://www.sz.example/*'), 'redirect-uri "https://www.sz.example/*" has a wildcard'],
    [
      'a user name',
      redirect('https://a@www.sz.example/'),
      'redirect-uri "https://a@www.sz.example/" holds a user name',
    ],
    [
      'a user name and password',
      redirect('https://a:b@www.sz.example/'),
      'redirect-uri "https://a:b@www.sz.example/" holds a user name',
    ],
    ['a relative address', redirect('/callback'), 'redirect-uri "/callback" is not an absolute address'],
    ['no address at all', redirect('callback'), 'redirect-uri "callback" is not an absolute address'],
    ['an empty address', redirect(''), 'redirect-uri "" has characters'],
    ['a space', redirect('https://www.sz.example/a b'), 'redirect-uri "https://www.sz.example/a b" has characters'],
    [
      'a line break',
      redirect('https://www.sz.example/\nX: y'),
      'redirect-uri "https://www.sz.example/\\nX: y" has characters',
    ],
    [
      'Chinese characters',
      redirect('https://www.sz.example/回调'),
      'redirect-uri "https://www.sz.example/回调" has characters',
    ],
    [
      'dot segments',
      redirect('https://www.sz.example/a/../b'),
      'redirect-uri "https://www.sz.example/a/../b" is not in its plain form',
    ],
    [
      'capitals in the host',
      redirect('https://WWW.sz.example/'),
      'redirect-uri "https://WWW.sz.example/" is not in its plain form',
    ],
    [
      'a default port',
      redirect('https://www.sz.example:443/'),
      'redirect-uri "https://www.sz.example:443/" is not in its plain form',
    ],
    [
      'a backslash',
      redirect('https://www.sz.example\\@evil.example/'),
      'redirect-uri "https://www.sz.example\\\\@evil.example/"',
    ],
    ['3 kB', redirect(long), 'is longer than 2000 characters'],
    [
      'the same address twice',
      { ...portal, 'redirect-uri': ['https://a.example/', 'https://a.example/'] },
      'redirect-uri names the same address twice',
    ],
    [
      '21 addresses',
      { ...portal, 'redirect-uri': Array.from({ length: 21 }, (_, n) => `https://a.example/${n}`) },
      'redirect-uri has more than 20 addresses',
    ],
    ['no address to come back to', { name: 'a' }, 'redirect-uri needs at least one address'],
    [
      'an unsafe address after signing out',
      { ...portal, 'post-logout-redirect-uri': ['http://a.example/'] },
      'post-logout-redirect-uri "http://a.example/" must begin with https://',
    ],
    [
      'an unsafe address for logout notices',
      { ...portal, 'backchannel-logout-uri': 'http://a.example/' },
      'backchannel-logout-uri "http://a.example/" must begin with https://',
    ],
    [
      'an unsafe home page',
      { ...portal, uri: 'http://a.example/' },
      'uri "http://a.example/" must begin with https://',
    ],
    [
      'an unsafe API',
      { ...portal, resource: ['https://a.example', 'http://b.example'] },
      'resource "http://b.example" must begin with https://',
    ],
    ['an unknown region', { ...portal, region: '999999' }, 'region "999999" is not a known region code'],
    ['a region that is no code', { ...portal, region: '深圳' }, 'region "深圳" is not a known region code'],
    [
      'an unknown scope',
      { ...portal, scope: 'openid everything' },
      'scope "openid everything" does not know everything',
    ],
    ['scope without openid', { ...portal, scope: 'profile' }, 'scope "profile" must hold openid'],
    ['an empty name', { ...portal, name: ' ' }, 'name " " must say what people call the portal'],
    ['a name of 61 characters', { ...portal, name: '深'.repeat(61) }, 'must not be longer than 60 characters'],
    ['control characters in the name', { ...portal, name: 'a\u0007b' }, 'name "a\\u0007b" has control characters'],
    ['a terminal escape in the name', { ...portal, name: '\u001b[31m' }, 'has control characters'],
    ['a right-to-left override in the name', { ...portal, name: 'a\u202eb' }, 'has control characters'],
    ['markup in the name', { ...portal, name: '<b>' }, 'name "<b>" has control characters or angle brackets'],
    [
      'markup in the organisation',
      { ...portal, organisation: '<i>' },
      'organisation "<i>" has control characters or angle brackets',
    ],
    [
      'two hosts without a sector',
      { ...portal, 'redirect-uri': ['https://a.example/', 'https://b.example/'] },
      'sector is needed because',
    ],
    [
      'a sector that is no address',
      { ...portal, sector: 'a.example' },
      'sector "a.example" is not an absolute address',
    ],
    [
      'a private key',
      { ...byKey, jwks: { keys: [{ ...publicKey, d: 'x' }] } },
      'jwks holds a private key (member "d")',
    ],
    ['a shared key', { ...byKey, jwks: { keys: [{ kty: 'oct', k: 'x' }] } }, 'jwks holds a private key (member "k")'],
    ['a key of an unknown kind', { ...byKey, jwks: { keys: [{ kty: 'XYZ' }] } }, 'jwks has a key whose "kty"'],
    ['no keys', { ...byKey, jwks: { keys: [] } }, 'jwks must be a JSON object with at least one key'],
    ['a key set that is null', { ...byKey, jwks: null }, 'jwks must be a JSON object with at least one key'],
    ['a key that is a number', { ...byKey, jwks: { keys: [1] } }, 'jwks has an entry that is not an object'],
    [
      '21 keys',
      { ...byKey, jwks: { keys: Array.from({ length: 21 }, () => publicKey) } },
      'jwks has more than 20 keys',
    ],
    [
      'keys and an address of keys',
      { ...byKey, jwks: { keys: [publicKey] }, 'jwks-uri': 'https://a.example/jwks' },
      'jwks is needed for private_key_jwt',
    ],
    ['neither keys nor their address', byKey, 'jwks is needed for private_key_jwt'],
    ['keys for another method', { ...portal, jwks: { keys: [publicKey] } }, 'auth-method must be private_key_jwt'],
    [
      'an unsafe address of keys',
      { ...byKey, 'jwks-uri': 'http://a.example/jwks' },
      'jwks-uri "http://a.example/jwks" must begin with https://',
    ],
    [
      'a service people come back to',
      { ...service, 'redirect-uri': ['https://a.example/'] },
      'redirect-uri must be left out',
    ],
    [
      'a service that asks for people',
      { ...service, scope: 'openid profile' },
      'scope "openid profile" must not hold profile',
    ],
    ['a service that proves nothing', { ...service, 'auth-method': 'none' }, 'auth-method "none" must not be none'],
    [
      'a native scheme without a dot',
      { ...native, 'redirect-uri': ['yueshengshi:/callback'] },
      'redirect-uri "yueshengshi:/callback" must begin with https:// or a scheme such as',
    ],
    [
      'a native http address',
      { ...native, 'redirect-uri': ['http://a.example/'] },
      'redirect-uri "http://a.example/" must begin with https:// or a scheme such as',
    ],
    [
      'a native scheme for a web portal',
      redirect('cn.gov.gd.yss:/callback'),
      'redirect-uri "cn.gov.gd.yss:/callback" must begin with https://',
    ],
    ['level 1', { ...portal, 'min-level': 1 }, 'min-level must be 2, 3 or 4'],
  ])('%s', (_what, input, message) => {
    const answers = answerTo(input)
    expect(answers.join('\n')).toContain(message)
    expect(answers.join('\n').length).toBeLessThan(1000)
  })
})

describe('a registration is taken', () => {
  it.each<[string, Input]>([
    ['with https', portal],
    ['with http on loopback', redirect('http://localhost:4001/callback')],
    ['with http on an IPv6 loopback', redirect('http://[::1]:4001/callback')],
    ['with a query', redirect('https://www.sz.example/callback?from=yideng')],
    [
      'with two hosts and a sector',
      { ...portal, 'redirect-uri': ['https://a.example/', 'https://b.example/'], sector: 'https://a.example/' },
    ],
    [
      'with two hosts and public subjects',
      { ...portal, 'redirect-uri': ['https://a.example/', 'https://b.example/'], 'subject-type': 'public' },
    ],
    ['with keys', { ...byKey, jwks: { keys: [publicKey] } }],
    ['with an address of keys', { ...byKey, 'jwks-uri': 'https://a.example/jwks' }],
    ['as a native application', { ...native, 'redirect-uri': ['cn.gov.gd.yss:/callback'] }],
    ['as a service', service],
    [
      'with everything',
      {
        ...portal,
        organisation: '深圳市政务服务和数据管理局',
        region: '440300',
        uri: 'https://www.sz.example/',
        scope: 'openid profile identity',
        'min-level': 4,
        consent: 'implicit',
      },
    ],
  ])('%s', (_what, input) => expect(answerTo(input)).toEqual([]))
})
