import { createPublicKey, KeyObject } from 'node:crypto'
import { CompactSign, compactVerify, decodeProtectedHeader, errors } from 'jose'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import { openSm2PublicKeys, type Sm2SigningKey } from './guomi/sm2-keys.ts'
import { sm2Algorithm, sm2Verifier, type Sm2PublicKey, type VerifySm2 } from './guomi/sm2.ts'
import type { SignatureServer } from './guomi/svs/signature-server.ts'
import type { Database } from '../storage/database.ts'
import type { DataKeys } from './data-keys.ts'
import { publicKeyOf, readRecordedKeys, type PublicJwk } from './recorded-keys.ts'
import { openRetiredKeys, openSigningKeys, publicKeySet, signerOf } from './signing-keys.ts'
import { openTokenKeys, signatureServerOf } from './token-keys.ts'

/** Signs a JSON document with the current key, as a compact JWS (RFC 7515) of the given `typ`. */
export type SignDocument = (typ: string, document: object) => Promise<string>

/** Returns the document if a key of this store signed it as this `typ`, now or earlier; undefined otherwise. */
export type VerifyDocument = (typ: string, jws: string) => Promise<unknown>

export function createSigner(directory: string, clock: Clock): SignDocument {
  return async (typ, document) => {
    const { kid, alg, privateKey } = signerOf(openSigningKeys(directory, clock), 'ES256', clock())
    const bytes = new TextEncoder().encode(JSON.stringify(document))
    return new CompactSign(bytes).setProtectedHeader({ alg, kid, typ }).sign(privateKey)
  }
}

type Where = Pick<Settings, 'keysDir' | 'sm2Keys' | 'svsFile'>

const encoded = (document: object) => Buffer.from(JSON.stringify(document)).toString('base64url')

/**
 * Signs checkpoints of the audit log: by SM2 under `YIDENG_SUITE=guomi` with a key of SM2, else by ES256. A signature server
 * that does not answer is an error, never a signature by another algorithm.
 * @param signatureServer a process that signs gives its own, which remembers failures
 */
export function createCheckpointSigner(
  settings: Where & Pick<Settings, 'suite'>,
  clock: Clock,
  signatureServer?: SignatureServer,
): SignDocument {
  const usual = createSigner(settings.keysDir, clock)
  if (settings.suite !== 'guomi' || settings.sm2Keys === 'none') return usual
  const server = signatureServer ?? signatureServerOf(settings)
  return async (typ, document) => {
    const keys = openTokenKeys(settings, clock, server)
    const { kid, alg, sign } = signerOf<Sm2SigningKey>(
      keys.filter((key) => key.alg === sm2Algorithm),
      sm2Algorithm,
      clock(),
    )
    const text = `${encoded({ alg, kid, typ })}.${encoded(document)}`
    return `${text}.${(await sign(Buffer.from(text))).toString('base64url')}`
  }
}

type Published = Omit<Where, 'sm2Keys'>

/** All public keys of SM2, including retired ones. */
function sm2KeysOf({ keysDir, svsFile }: Published, clock: Clock): { kid: string; publicKey: Sm2PublicKey }[] {
  const server = svsFile ? signatureServerOf({ sm2Keys: 'svs', svsFile }) : undefined
  return [...openSm2PublicKeys(keysDir, clock), ...(server?.keys() ?? [])]
}

/** The public keys that check documents, including retired ones, as a JSON Web Key Set (RFC 7517, GM/T 0125.4). */
export const documentKeySet = (where: Published, clock: Clock): { keys: object[] } => ({
  keys: [
    ...publicKeySet(where.keysDir, clock).keys,
    ...sm2KeysOf(where, clock).map(({ kid, publicKey }) => ({ ...publicKey.jwk, kid, alg: sm2Algorithm })),
  ],
})

/** The store whose keys check documents. */
interface OfStore {
  database: Database
  settings: Published
  clock: Clock
  dataKeys: Pick<DataKeys, 'cipher'>
}

/** The public keys of this machine's files and those that the store recorded, also of files that were lost. */
export async function keySetOfStore({ database, settings, clock, dataKeys }: OfStore): Promise<{ keys: object[] }> {
  const own = documentKeySet(settings, clock).keys as { kid?: unknown }[]
  const known = new Set(own.map(({ kid }) => kid))
  const recorded = await readRecordedKeys(database, dataKeys.cipher)
  return { keys: [...own, ...recorded.filter(({ kid }) => !known.has(kid))] }
}

/** Checks against the keys of this machine's files and those that the store recorded. */
export const createVerifierOfStore = async ({
  database,
  settings,
  clock,
  dataKeys,
}: OfStore): Promise<VerifyDocument> =>
  createVerifier(settings, clock, await readRecordedKeys(database, dataKeys.cipher))

/**
 * Checks against the keys of this Yideng, including retired keys.
 * @param recorded further keys that the store recorded (recorded-keys.ts)
 */
export function createVerifier(where: Published, clock: Clock, recorded: readonly PublicJwk[] = []): VerifyDocument {
  const { keysDir } = where
  const earlier = recorded.map((key) => [key.kid, publicKeyOf(key)])
  const published = openSigningKeys(keysDir, clock).map(({ kid, privateKey }) => [kid, createPublicKey(privateKey)])
  const retired = openRetiredKeys(keysDir, clock).map(({ kid, publicKey }) => [kid, publicKey])
  const sm2 = sm2KeysOf(where, clock).map(({ kid, publicKey }) => [kid, publicKey])
  const all = [...earlier, ...published, ...retired, ...sm2]
  return verifierOver(Object.fromEntries(all) as Record<string, KeyObject | Sm2PublicKey>)
}

/** Checks against public keys by `kid`. */
export function verifierOver(keys: Readonly<Record<string, KeyObject | Sm2PublicKey>>): VerifyDocument {
  const usual = new Map<string, KeyObject>()
  const sm2 = new Map<string, VerifySm2>()
  for (const [kid, key] of Object.entries(keys)) {
    if (key instanceof KeyObject) usual.set(kid, key)
    else sm2.set(kid, sm2Verifier(key))
  }
  return async (typ, jws) => {
    try {
      const header = decodeProtectedHeader(jws)
      if (header.typ !== typ) return undefined
      return header.alg === sm2Algorithm
        ? await payloadBySm2(sm2.get(header.kid ?? ''), jws)
        : await payloadOf(usual.get(header.kid ?? ''), jws)
    } catch (error) {
      // jose throws a TypeError for a text that is no JWS
      if (error instanceof errors.JOSEError || error instanceof SyntaxError || error instanceof TypeError)
        return undefined
      throw error
    }
  }
}

async function payloadOf(key: KeyObject | undefined, jws: string): Promise<unknown> {
  if (!key) return undefined
  const { payload } = await compactVerify(jws, key, { algorithms: ['ES256', 'RS256'] })
  return JSON.parse(new TextDecoder().decode(payload))
}

/** The one form of a compact JWS: three parts, each in the shortest base64url (RFC 7515). */
async function payloadBySm2(verify: VerifySm2 | undefined, jws: string): Promise<unknown> {
  const [head = '', body = '', signature = '', ...more] = jws.split('.')
  const raw = Buffer.from(signature, 'base64url')
  if (!verify || more.length > 0 || raw.toString('base64url') !== signature) return undefined
  if (!(await verify(Buffer.from(`${head}.${body}`), raw))) return undefined
  return JSON.parse(Buffer.from(body, 'base64url').toString())
}
