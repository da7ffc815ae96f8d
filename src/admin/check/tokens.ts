import { createHmac, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { derOfRaw, generateSm2Key, sm2Algorithm, sm2Pem, sm2Signer } from '../../keys/guomi/sm2.ts'

/** The signature of a token: `first` and `second` are valid, the others must be refused. */
export type Signing = 'first' | 'second' | 'foreign' | 'none' | 'shared'

export type Claims = Record<string, unknown>

export type Algorithm = 'ES256' | 'RS256' | typeof sm2Algorithm

/** How the tokens of a portal are signed. */
export interface TokenForm {
  alg: Algorithm
  /** SM2 only: `r ‖ s` or DER. */
  encoding?: 'raw' | 'der' | undefined
}

interface Key {
  publicJwk: object
  pem: string
  sign(text: string): Promise<Buffer>
}

const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

function sm2Key(encoding: TokenForm['encoding']): Key {
  const signer = sm2Signer(generateSm2Key())
  return {
    publicJwk: signer.publicKey.jwk,
    pem: sm2Pem(signer.publicKey),
    async sign(text) {
      const raw = await signer.sign(Buffer.from(text))
      return encoding === 'der' ? derOfRaw(raw) : raw
    },
  }
}

function usualKey(alg: 'ES256' | 'RS256'): Key {
  const { privateKey: key } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  const publicKey = createPublicKey(key)
  return {
    publicJwk: publicKey.export({ format: 'jwk' }),
    pem: String(publicKey.export({ format: 'pem', type: 'spki' })),
    sign: async (text) => sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }),
  }
}

/** Two published keys, and a third one that signs with the key id of the first. */
export function createTokens({ alg, encoding }: TokenForm) {
  const make = () => (alg === sm2Algorithm ? sm2Key(encoding) : usualKey(alg))
  const keys = { first: make(), second: make(), foreign: make() }
  // new key ids for each check: a portal may cache the keys of the last one
  const run = randomBytes(4).toString('hex')
  const jwk = (name: string, { publicJwk }: Key) => ({ ...publicJwk, kid: `${name}-${run}`, alg, use: 'sig' })
  const set = { keys: [jwk('first', keys.first), jwk('second', keys.second)] }
  // as at the real addresses: SM2 is in a set of its own, and the other set has keys of other algorithms
  const other = alg === sm2Algorithm && {
    keys: [{ ...usualKey('ES256').publicJwk, kid: run, alg: 'ES256', use: 'sig' }],
  }

  return {
    /** Of `/jwks`. */
    keySet: other || set,
    /** Of `/jwks-gm`. */
    sm2KeySet: other ? set : undefined,
    async issue(claims: Claims, signing: Signing = 'first', typ = 'JWT'): Promise<string> {
      const head = (header: object) => `${encoded({ typ, ...header })}.${encoded(claims)}`
      if (signing === 'none') return `${head({ alg: 'none' })}.`
      if (signing === 'shared') {
        // the public key used as an HMAC secret (RFC 8725 section 2.1)
        const text = head({ alg: 'HS256', kid: `first-${run}` })
        return `${text}.${createHmac('sha256', keys.first.pem).update(text).digest('base64url')}`
      }
      const text = head({ alg, kid: `${signing === 'second' ? 'second' : 'first'}-${run}` })
      return `${text}.${(await keys[signing].sign(text)).toString('base64url')}`
    },
  }
}
