import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Clock } from '../../../config/clock.ts'
import { minuteMs } from '../../../config/time.ts'
import { createOutbound, type Fetch } from '../../../guards/outbound.ts'
import type { SignatureServer } from '../../../keys/guomi/svs/signature-server.ts'
import { derOf, isAddress, type CertificateAuthority } from './cas-file.ts'
import type { Certificate } from './x509/certificate.ts'
import { isListOf, readRevocationList, stateIn, type RevocationList, type RevocationState } from './x509/crl.ts'
import { ocspQuestion, ocspState, type OcspHash } from './x509/ocsp.ts'

/** A list is asked for again after this time, in milliseconds; until its own end the list before counts where none comes. */
const renewMs = 10 * minuteMs
/** After a failure the source is left alone for this time. */
const restMs = minuteMs / 6
const nonceBytes = 16

/** The operator named the addresses, so an inner one is right too. Answers are signed, so http is enough. */
const fetches = (mostBytes: number) =>
  createOutbound({ allowed: () => true, patienceMs: 2500, mostBytes, readsPosts: true })
const fetchList: Fetch = fetches(16 * 1024 * 1024)
const askOcsp: Fetch = fetches(64 * 1024)

/**
 * Whether a certificate is revoked, as the source of its CA says now. `unknown` refuses at every level: a source that is silent, old,
 * of another signer, or that does not know the certificate.
 */
export type Revocation = (ca: CertificateAuthority, about: About) => Promise<RevocationState>

interface About {
  certificate: Certificate
  issuer: Certificate
}

interface Deps {
  clock: Clock
  signatureServer: Pick<SignatureServer, 'certState'> | undefined
  pathOf(name: string): string
}

export function createRevocation(deps: Deps): Revocation {
  const lists = createLists(deps)
  return async (ca, about) => {
    const { revocation } = ca
    try {
      if ('crls' in revocation)
        return await byLists((source) => lists(source, ca), revocation.crls, about, deps.clock())
      if ('ocsp' in revocation) return await byOcsp(revocation, about, deps.clock())
      const state = await deps.signatureServer?.certState(about.certificate.der)
      return state === 'good' || state === 'revoked' ? state : 'unknown'
    } catch {
      // silent, or an answer of another form: the caller refuses
      return 'unknown'
    }
  }
}

type List = Promise<RevocationList | undefined>

interface Held {
  list?: RevocationList
  /** Milliseconds since 1970 UTC. */
  askAgainAt: number
  asking?: List | undefined
}

type Source = Pick<CertificateAuthority, 'id' | 'certificates'>

/**
 * Lists of each source, kept in this process. Requests that come together share one call. Only a list that a CA of the row has signed
 * is kept: a forged one with a late date would keep all later ones out.
 */
function createLists({ clock, pathOf }: Deps) {
  const held = new Map<string, Held>()

  async function read(source: string): Promise<RevocationList> {
    if (!isAddress(source)) return readRevocationList(derOf(readFileSync(pathOf(source))))
    const answer = await fetchList(source)
    if (answer.status !== 200) throw new Error(`the status is ${answer.status}`)
    return readRevocationList(derOf(Buffer.from(await answer.arrayBuffer())))
  }

  async function renew(source: string, { certificates }: Source, before: Held | undefined): Promise<Held> {
    const next: Held = { ...before, askAgainAt: clock() + renewMs, asking: undefined }
    try {
      const list = await read(source)
      const signed = await Promise.all(certificates.map((one) => isListOf(list, one, clock())))
      if (!signed.includes(true)) throw new Error('the list is of no CA here, or of another time')
      // a list from before would give back what is revoked
      if (!before?.list || list.thisUpdate >= before.list.thisUpdate || clock() > before.list.nextUpdate)
        next.list = list
    } catch {
      next.askAgainAt = clock() + restMs
    }
    return next
  }

  return async (source: string, ca: Source): List => {
    const key = `${ca.id} ${source}`
    const known = held.get(key)
    if (known?.asking) return known.asking
    if (known && clock() < known.askAgainAt) return known.list
    const asking = renew(source, ca, known).then((next) => {
      held.set(key, next)
      return next.list
    })
    held.set(key, { askAgainAt: 0, ...known, asking })
    return asking
  }
}

/** One list that has the certificate is enough to refuse it; one that speaks for it is needed to accept it. */
async function byLists(
  lists: (source: string) => List,
  sources: readonly string[],
  about: About,
  now: number,
): Promise<RevocationState> {
  const states = await Promise.all(
    sources.map(async (source): Promise<RevocationState> => {
      const list = await lists(source)
      return list && (await isListOf(list, about.issuer, now)) ? stateIn(list, about.certificate) : 'unknown'
    }),
  )
  if (states.includes('revoked')) return 'revoked'
  return states.includes('good') ? 'good' : 'unknown'
}

async function byOcsp(
  { ocsp, hash }: { ocsp: string; hash: OcspHash },
  about: About,
  now: number,
): Promise<RevocationState> {
  const nonce = randomBytes(nonceBytes)
  const body = ocspQuestion(about, hash, nonce)
  const headers = { 'content-type': 'application/ocsp-request' }
  const answer = await askOcsp(ocsp, { method: 'POST', headers, body: new Uint8Array(body) })
  if (answer.status !== 200) return 'unknown'
  return ocspState(Buffer.from(await answer.arrayBuffer()), about, { name: hash, nonce, now })
}
