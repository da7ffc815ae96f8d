import { hash } from 'node:crypto'
import { decodeProtectedHeader, errors, type JWTPayload } from 'jose'
import { ExternalSigningKey, type AsymmetricSigningAlgorithm, type Client, type Provider } from 'oidc-provider'
import { derOfRaw, rawOfDer, sm2Algorithm, sm2Verifier, type VerifySm2 } from '../../keys/guomi/sm2.ts'
import { sm2KeySet, type Sm2SigningKey } from '../../keys/guomi/sm2-keys.ts'
import { epochTime, internalsOf } from './internals.ts'

/** How the two numbers of a signature are written: `r ‖ s` as in every JWS, or DER as in GM/T 0009. */
export type Sm2Encoding = 'raw' | 'der'

/** The keys of a provider, the signer first, each with its check. */
const keysOf = new WeakMap<Provider, { keys: readonly Sm2SigningKey[]; verifiers: ReadonlyMap<string, VerifySm2> }>()

const signerOf = (provider: Provider): Sm2SigningKey => {
  const [signer] = keysOf.get(provider)?.keys ?? []
  if (!signer) throw new Error(`There is no signing key for ${sm2Algorithm}.`)
  return signer
}

/** The key set of `/jwks-gm`. */
export const publishedSm2Keys = (provider: Provider): object => sm2KeySet(keysOf.get(provider)?.keys ?? [])

const signed = async ({ sign }: Sm2SigningKey, encoding: Sm2Encoding, data: Uint8Array) => {
  const raw = await sign(data)
  return encoding === 'der' ? derOfRaw(raw) : raw
}

/** For JWT access tokens: oidc-provider writes the header and calls `sign`. */
class Sm2AccessTokenKey extends ExternalSigningKey {
  readonly #key: Sm2SigningKey
  readonly #encoding: Sm2Encoding

  constructor(key: Sm2SigningKey, encoding: Sm2Encoding) {
    super()
    Object.assign(this, { kid: key.kid, alg: key.alg })
    this.#key = key
    this.#encoding = encoding
  }

  override sign(data: Uint8Array): Promise<Uint8Array> {
    return signed(this.#key, this.#encoding, data)
  }
}

/**
 * oidc-provider knows no SM2: its key store throws at the algorithm, and its key set must not have the curve. So these keys
 * are beside its own. Portals may register the algorithm only where there is a key. Runs after each change of the keys.
 */
export function useSm2Keys(provider: Provider, keys: readonly Sm2SigningKey[]): void {
  const verifiers = new Map(keys.map(({ kid, publicKey }) => [kid, sm2Verifier(publicKey)]))
  keysOf.set(provider, { keys, verifiers })
  const { configuration, keystore } = internalsOf(provider)
  const others = configuration.idTokenSigningAlgValues.filter((alg) => alg !== sm2Algorithm)
  configuration.idTokenSigningAlgValues = keys.length > 0 ? [...others, sm2Algorithm] : others
  const select = keystore.selectForSign.bind(keystore)
  // the `kid` of a resource server names the encoding (accessTokenSignature); the token has the id of the key
  keystore.selectForSign = (wanted) =>
    wanted.alg === sm2Algorithm
      ? [new Sm2AccessTokenKey(signerOf(provider), wanted.kid === 'der' ? 'der' : 'raw')]
      : select(wanted)
}

/** What `jwt.sign` of a resource server has for a portal with SM2; the types of oidc-provider do not have the algorithm. */
export const accessTokenSignature = (encoding: Sm2Encoding) => ({
  alg: sm2Algorithm as string as AsymmetricSigningAlgorithm,
  kid: encoding,
})

interface IdToken {
  client: Client
  ctx?: unknown
  constructor: { expiresIn(ctx: unknown, token: unknown, client: unknown): number }
  payload(): Promise<JWTPayload & Record<string, unknown>>
  issue(options: { use: string; expiresAt?: number | null }): Promise<string>
}

/** Seconds, as oidc-provider gives each logout token. */
const logoutTokenSeconds = 120
const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

/** OpenID Connect Core 3.1.3.6 with the hash of the algorithm: the left half of SM3. */
const leftHalf = (value: unknown) => hash('sm3', String(value), 'buffer').subarray(0, 16).toString('base64url')

/**
 * ID and logout tokens of portals with SM2. oidc-provider refuses the algorithm there, so nothing of such a portal is ever
 * signed otherwise: a token of another use is an error.
 */
export function signWithSm2(provider: Provider, encodingOf: (client: Client) => Sm2Encoding): void {
  const prototype = provider.IdToken.prototype as unknown as IdToken
  const { issue } = prototype
  prototype.issue = async function issued(this: IdToken, options) {
    const { client } = this
    if (client.idTokenSignedResponseAlg !== sm2Algorithm) return issue.call(this, options)
    const { use, expiresAt } = options
    if (use !== 'idtoken' && use !== 'logout') throw new Error(`no token of use ${use} is signed with ${sm2Algorithm}`)
    const claims = await this.payload()
    if (use === 'idtoken')
      for (const name of ['at_hash', 'c_hash', 's_hash']) if (claims[name]) claims[name] = leftHalf(claims[name])
    const now = epochTime()
    const lifetime = () => this.constructor.expiresIn(this.ctx, this, client)
    const exp = use === 'logout' ? now + logoutTokenSeconds : expiresAt || now + lifetime()
    const key = signerOf(provider)
    const header = { alg: sm2Algorithm, ...(use === 'logout' ? { typ: 'logout+jwt' } : {}), kid: key.kid }
    const text = `${encoded(header)}.${encoded({
      ...claims,
      aud: client.clientId,
      exp,
      iat: claims.iat ?? now,
      iss: provider.issuer,
    })}`
    const signature = await signed(key, encodingOf(client), Buffer.from(text))
    return `${text}.${signature.toString('base64url')}`
  }
}

/** Header and claims of a JWT that a published SM2 key of this server signed; undefined for any other text. Times are not checked. */
export async function readOwnSm2Token(
  provider: Provider,
  jwt: string,
): Promise<{ header: { typ?: string | undefined }; payload: JWTPayload } | undefined> {
  const [head, body, signature, ...more] = jwt.split('.')
  if (head === undefined || body === undefined || signature === undefined || more.length > 0) return undefined
  const header = sm2HeaderOf(jwt)
  const verify = keysOf.get(provider)?.verifiers.get(header?.kid ?? '')
  if (!header || !verify) return undefined
  const bytes = Buffer.from(signature, 'base64url')
  const raw = bytes.length === 64 ? bytes : rawOfDer(bytes)
  if (!raw || bytes.toString('base64url') !== signature) return undefined
  if (!(await verify(Buffer.from(`${head}.${body}`), raw))) return undefined
  return { header, payload: JSON.parse(Buffer.from(body, 'base64url').toString()) as JWTPayload }
}

/** The header of a JWT whose `alg` is that of SM2. Undefined for any other text. */
export function sm2HeaderOf(jwt: string): ReturnType<typeof decodeProtectedHeader> | undefined {
  try {
    const header = decodeProtectedHeader(jwt)
    return header.alg === sm2Algorithm ? header : undefined
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
    throw error
  }
}
