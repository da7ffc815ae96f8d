import { hash, randomBytes } from 'node:crypto'
import { StoreUnavailable } from '../../../storage/unavailable.ts'
import type { Sm2SigningKey } from '../sm2-keys.ts'
import { derOfRaw, rawOfDer, sm2Algorithm, sm2Verifier, type VerifySm2 } from '../sm2.ts'
import { createCircuitBreaker, type CircuitBreaker } from './circuit-breaker.ts'
import { readSvsFile, type SvsRegistration } from './svs-file.ts'
import { createSvsPool, readSvsAnswer, svsForms } from './svs-http.ts'

/** GM/T 0006: SM2 with SM3. */
const signMethod = 0x0002_0201
/** Milliseconds for one signature or check, over all addresses. */
const mostMs = 2000

/**
 * What became of a call. `silent`: no answer in time. `refused`: an error code. `malformed`: no answer of the standard.
 * `wrong-key`: a signature of another key. `left-alone`: not asked.
 */
export const svsOutcomes = ['success', 'silent', 'refused', 'malformed', 'wrong-key', 'left-alone'] as const
export type SvsOutcome = (typeof svsOutcomes)[number]

/** A call without a result. */
class SvsFault extends Error {
  readonly outcome: SvsOutcome
  constructor(outcome: SvsOutcome, why: string, cause?: unknown) {
    super(`${outcome}: ${why}`, { cause })
    this.name = 'SvsFault'
    this.outcome = outcome
  }
}

/** Of a certificate, as the device says; `unknown` is no permission. */
export type CertificateState = 'good' | 'revoked' | 'expired' | 'unknown'

/** No device made a signature. Only portals with SM2 are concerned. */
export class SignerUnavailable extends StoreUnavailable {
  constructor(cause?: unknown) {
    super('the signature server', cause)
    this.name = 'SignerUnavailable'
  }
}

/** A certified device that holds keys of SM2 and checks certificates (GM/T 0029). Calls end within 2 s. */
export interface SignatureServer {
  /** The keys of the file, read again at each call. @throws SettingsError */
  keys(): Sm2SigningKey[]
  /** Whether all its addresses are left alone after failures. */
  isDown(): boolean
  /** Whether the last calls to all its addresses failed, also while they get another try. */
  isFailing(): boolean
  /** After a failure it signs a probe first. @throws SignerUnavailable */
  assertReady(): Promise<void>
  /** Whether the device accepts certificate and signature. @throws SignerUnavailable */
  verify(certificate: Buffer, data: Uint8Array, signature: Buffer): Promise<boolean>
  /** @throws SignerUnavailable */
  certState(certificate: Buffer): Promise<CertificateState>
}

type Answer = ReturnType<typeof readSvsAnswer>
type Counted = (outcome: SvsOutcome, ms: number) => void

/** @param counted called for each call to a device, with its milliseconds */
export function createSignatureServer(file: string, counted: Counted = () => undefined): SignatureServer {
  const post = createSvsPool()
  const breakers = new Map<string, CircuitBreaker>()
  const verifiers = new Map<string, VerifySm2>()
  let registration = readSvsFile(file)
  /** Whether the last call had a result. */
  let sound = true
  let lastKey: SvsKey | undefined
  let probe: Promise<unknown> | undefined
  const isDown = () => registration.addresses.every((address) => breakerOf(address).isOpen())
  const breakerOf = (address: string) => {
    const breaker = breakers.get(address) ?? createCircuitBreaker()
    breakers.set(address, breaker)
    return breaker
  }

  /** One call to one device. @throws SvsFault */
  async function ask<T>(
    address: string,
    path: string,
    fields: Fields,
    ms: number,
    read: (answer: Answer) => T | Promise<T>,
  ) {
    const form = svsForms[registration.body]
    const text = await post(urlOf(address, path), form.write(fields), form.type, ms).catch((cause: unknown) => {
      throw new SvsFault('silent', 'the device did not answer', cause)
    })
    return read(parsed(text))
  }

  /** Asks the devices one after another. @throws SignerUnavailable where none has a result */
  async function call<T>(path: string, fields: Fields, read: (answer: Answer) => T | Promise<T>): Promise<T> {
    const { addresses } = registration
    let fault = new SvsFault('left-alone', 'the devices failed a moment ago')
    for (const address of addresses) {
      const breaker = breakerOf(address)
      const began = performance.now()
      if (breaker.isOpen()) {
        counted('left-alone', 0)
        continue
      }
      try {
        const result = await ask(address, path, fields, mostMs / addresses.length, read)
        breaker.succeeded()
        sound = true
        counted('success', performance.now() - began)
        return result
      } catch (error) {
        if (!(error instanceof SvsFault)) throw error
        breaker.failed()
        counted(error.outcome, performance.now() - began)
        fault = error
      }
    }
    sound = false
    throw new SignerUnavailable(fault)
  }

  const sign = async (key: SvsKey, data: Uint8Array) => {
    const { index, publicKey } = key
    lastKey = key
    const verify = verifiers.get(publicKey.point) ?? sm2Verifier(publicKey)
    verifiers.set(publicKey.point, verify)
    const fields = { signMethod, keyIndex: index, keyValue: registration.pin, ...inData(data) }
    return call('SignData', fields, async (answer) => {
      if (answer.respValue !== 0) throw refused(answer)
      const raw = rawOfDer(Buffer.from(String(answer['signature'] ?? ''), 'base64'))
      if (!raw) throw new SvsFault('malformed', 'the signature is no DER of two numbers')
      // a portal would refuse it, and no person could sign in there
      if (!(await verify(data, raw))) throw new SvsFault('wrong-key', 'the signature is not of the published key')
      return raw
    })
  }

  return {
    keys() {
      registration = readSvsFile(file)
      return registration.keys.map((key) => ({
        kid: `sgd-sm3-sm2-${hash('sm3', Buffer.from(key.publicKey.point, 'hex')).slice(0, 12)}`,
        alg: sm2Algorithm,
        createdAt: key.useFrom,
        useFrom: Date.parse(key.useFrom),
        publicKey: key.publicKey,
        sign: (data) => sign(key, data),
      }))
    },
    isDown,
    isFailing: () => registration.addresses.every((address) => breakerOf(address).isFailing()),
    async assertReady() {
      if (sound) return
      if (isDown()) throw new SignerUnavailable()
      const key = lastKey ?? registration.keys[0]
      // requests that come together share one probe
      if (key) await (probe ??= sign(key, randomBytes(32)).finally(() => (probe = undefined)))
    },
    verify: (certificate, data, signature) =>
      call(
        'VerifySignedData',
        {
          type: 1,
          cert: certificate.toString('base64'),
          ...inData(data),
          signature: derOfRaw(signature).toString('base64'),
          verifyLevel: 2,
        },
        (answer) => {
          if (answer.respValue === 0) return true
          if (isAboutCertificate(answer) || codeOf(answer) === codes.signature) return false
          throw refused(answer)
        },
      ),
    certState: (certificate) =>
      call('ValidateCert', { cert: certificate.toString('base64'), ocsp: 1 }, (answer) => {
        if (codeOf(answer) === codes.expired) return 'expired'
        if (codeOf(answer) === codes.revoked) return 'revoked'
        if (answer.respValue !== 0) throw refused(answer)
        const state = Number(answer['state'])
        return state === 0 ? 'good' : state === 1 ? 'revoked' : 'unknown'
      }),
  }
}

type SvsKey = SvsRegistration['keys'][number]
type Fields = Record<string, string | number>

const inData = (data: Uint8Array) => ({ inDataLen: data.length, inData: Buffer.from(data).toString('base64') })

const urlOf = (address: string, path: string) => new URL(path, address.endsWith('/') ? address : `${address}/`)

function parsed(text: string): Answer {
  try {
    return readSvsAnswer(text)
  } catch (cause) {
    throw new SvsFault('malformed', 'the answer has no form of the standard', cause)
  }
}

/** Error codes of GM/T 0029, below 0x04000000. */
const codes = { expired: 0x09, revoked: 0x0b, signature: 0x0c } as const
const codeOf = ({ respValue }: Answer) => (respValue >>> 24 === 0x04 ? respValue & 0xff_ffff : undefined)
const isAboutCertificate = (answer: Answer) => codeOf(answer) === codes.expired || codeOf(answer) === codes.revoked
const refused = ({ respValue }: Answer) => new SvsFault('refused', `respValue 0x${respValue.toString(16)}`)
