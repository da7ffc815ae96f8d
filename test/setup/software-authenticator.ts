import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest()
const base64url = (data: Buffer | string) => Buffer.from(data).toString('base64url')

/** CBOR (RFC 8949) of what an attestation object is made of, in the order given. */
function cbor(value: number | string | Buffer | unknown[] | Map<number | string, unknown>): Buffer {
  const head = (major: number, length: number) => {
    if (length < 24) return Buffer.from([(major << 5) | length])
    if (length < 256) return Buffer.from([(major << 5) | 24, length])
    return Buffer.from([(major << 5) | 25, length >> 8, length & 255])
  }
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value])
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map((item) => cbor(item as number))])
  const entries = [...value].flatMap(([key, item]) => [cbor(key), cbor(item as number)])
  return Buffer.concat([head(5, value.size), ...entries])
}

interface Credential {
  id: string
  /** COSE key, base64url. */
  publicKey: string
  privateKey: KeyObject
  userHandle: string
  counter: number
}

/** How this ceremony differs from what an honest browser and authenticator do. */
export interface Deviation {
  origin?: string
  rpId?: string
  challenge?: string
  type?: string
  crossOrigin?: boolean
  userVerified?: boolean
  userPresent?: boolean
  counter?: number
  /** Null: left out. */
  userHandle?: string | null
}

/** The maker of an authenticator: its key and certificate (DER). */
interface Attester {
  privateKey: KeyObject
  certificate: Buffer
}

/**
 * An authenticator without a screen, with the browser before it: ES256, attestation "none", passkeys that are found without
 * a name. Asked to, it does what no honest one would.
 */
export class SoftwareAuthenticator {
  readonly #origin: string
  readonly #synced: boolean
  readonly #attest: 'none' | 'self' | Attester
  credentials: Credential[] = []

  constructor(origin: string, how: { synced?: boolean; attest?: 'none' | 'self' | Attester } = {}) {
    this.#origin = origin
    this.#synced = how.synced ?? false
    this.#attest = how.attest ?? 'none'
  }

  #flags({ userPresent = true, userVerified = true }: Deviation, attested: boolean): number {
    const backup = this.#synced ? 0x08 | 0x10 : 0
    return (userPresent ? 0x01 : 0) | (userVerified ? 0x04 : 0) | backup | (attested ? 0x40 : 0)
  }

  #clientData(type: string, challenge: string, deviation: Deviation): Buffer {
    const { origin = this.#origin, crossOrigin = false } = deviation
    const data = { type: deviation.type ?? type, challenge: deviation.challenge ?? challenge, origin, crossOrigin }
    return Buffer.from(JSON.stringify(data))
  }

  #authenticatorData(rpId: string, deviation: Deviation, counter: number, attested?: Buffer): Buffer {
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    const flags = Buffer.from([this.#flags(deviation, attested !== undefined)])
    return Buffer.concat([sha256(deviation.rpId ?? rpId), flags, count, attested ?? Buffer.alloc(0)])
  }

  /** An attestation statement of the format `packed` (WebAuthn Level 3, 8.2), by its maker or by the new key itself. */
  #statement(signed: Buffer, own: KeyObject): Map<string, unknown> {
    if (this.#attest === 'none') return new Map()
    const maker = this.#attest === 'self' ? undefined : this.#attest
    return new Map<string, unknown>([
      ['alg', -7],
      ['sig', sign('sha256', signed, maker?.privateKey ?? own)],
      ...(maker ? ([['x5c', [maker.certificate]]] as const) : []),
    ])
  }

  /** navigator.credentials.create */
  create(
    options: { challenge: string; rp: { id?: string }; user: { id: string } },
    deviation: Deviation & { credentialId?: string } = {},
  ): object {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
    const key = new Map<number, unknown>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, Buffer.from(x, 'base64url')],
      [-3, Buffer.from(y, 'base64url')],
    ])
    const id = deviation.credentialId ? Buffer.from(deviation.credentialId, 'base64url') : randomBytes(32)
    const aaguid = Buffer.from('fbfc3007154e4ecc8c0b6e020557d7bd', 'hex')
    const attested = Buffer.concat([aaguid, Buffer.from([0, id.length]), id, cbor(key)])
    const counter = this.#synced ? 0 : 1
    const authData = this.#authenticatorData(options.rp.id ?? '', deviation, counter, attested)
    const clientData = this.#clientData('webauthn.create', options.challenge, deviation)
    const attestation = new Map<string, unknown>([
      ['fmt', this.#attest === 'none' ? 'none' : 'packed'],
      ['attStmt', this.#statement(Buffer.concat([authData, sha256(clientData)]), privateKey)],
      ['authData', authData],
    ])
    this.credentials.push({
      id: base64url(id),
      publicKey: base64url(cbor(key)),
      privateKey,
      userHandle: options.user.id,
      counter,
    })
    return {
      id: base64url(id),
      rawId: base64url(id),
      type: 'public-key',
      response: {
        clientDataJSON: base64url(clientData),
        attestationObject: base64url(cbor(attestation)),
        transports: ['internal', 'hybrid'],
      },
      clientExtensionResults: {},
    }
  }

  /** navigator.credentials.get, by the newest passkey or the one given. */
  get(options: { challenge: string; rpId: string }, deviation: Deviation = {}, credential = this.credentials.at(-1)) {
    if (!credential) throw new Error('this authenticator has no passkey')
    if (!this.#synced) credential.counter += 1
    const authData = this.#authenticatorData(options.rpId, deviation, deviation.counter ?? credential.counter)
    const clientData = this.#clientData('webauthn.get', options.challenge, deviation)
    const signature = sign('sha256', Buffer.concat([authData, sha256(clientData)]), credential.privateKey)
    return {
      id: credential.id,
      rawId: credential.id,
      type: 'public-key',
      response: {
        clientDataJSON: base64url(clientData),
        authenticatorData: base64url(authData),
        signature: base64url(signature),
        userHandle: deviation.userHandle === undefined ? credential.userHandle : deviation.userHandle,
      },
      clientExtensionResults: {},
    }
  }
}
