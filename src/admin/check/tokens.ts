import { createHmac, createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

/** The signature of a token: `first` and `second` are valid, the others must be refused. */
export type Signing = 'first' | 'second' | 'foreign' | 'none' | 'shared'

export type Claims = Record<string, unknown>

export type Algorithm = 'ES256' | 'RS256'

const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

const pair = (alg: Algorithm) =>
  alg === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })

/** Two published keys, and a third one that signs with the key id of the first. */
export function createTokens(alg: Algorithm) {
  const keys = { first: pair(alg).privateKey, second: pair(alg).privateKey, foreign: pair(alg).privateKey }
  // new key ids for each check: a portal may cache the keys of the last one
  const run = randomBytes(4).toString('hex')
  const jwk = (name: string, key: KeyObject) => ({
    ...createPublicKey(key).export({ format: 'jwk' }),
    kid: `${name}-${run}`,
    alg,
    use: 'sig',
  })
  const signature = (key: KeyObject, text: string) =>
    sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')

  return {
    keySet: { keys: [jwk('first', keys.first), jwk('second', keys.second)] },
    issue(claims: Claims, signing: Signing = 'first', typ = 'JWT'): string {
      const head = (header: object) => `${encoded({ typ, ...header })}.${encoded(claims)}`
      if (signing === 'none') return `${head({ alg: 'none' })}.`
      if (signing === 'shared') {
        // the public key used as an HMAC secret (RFC 8725 section 2.1)
        const text = head({ alg: 'HS256', kid: `first-${run}` })
        const pem = createPublicKey(keys.first).export({ format: 'pem', type: 'spki' })
        return `${text}.${createHmac('sha256', pem).update(text).digest('base64url')}`
      }
      const text = head({ alg, kid: `${signing === 'second' ? 'second' : 'first'}-${run}` })
      return `${text}.${signature(keys[signing], text)}`
    },
  }
}
