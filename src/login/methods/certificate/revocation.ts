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
  return async ({ revocation }, about) => {
    try {
      if ('crls' in revocation) return await byLists(lists, revocation.crls, about, deps.clock())
      if ('ocsp' in revocation) return await byOcsp(revocation, about, deps.clock())
      const state = await deps.signatureServer?.certState(about.certificate.der)
      return state === 'good' || state === 'revoked' ? state : 'unknown'
    } catch {
      // silent, or an answer of another form: the caller refuses
      return 'unknown'
    }
  }
}

type Lists = (source: string) => Promise<RevocationList | undefined>

interface Held {
  list?: RevocationList
  /** Milliseconds since 1970 UTC. */
  askAgainAt: number
  asking?: Promise<RevocationList | undefined> | undefined
}

/** Lists of each source, kept in this process. Requests that come together share one call. */
function createLists({ clock, pathOf }: Deps): Lists {
  const held = new Map<string, Held>()

  async function read(source: string): Promise<RevocationList> {
    if (!isAddress(source)) return readRevocationList(derOf(readFileSync(pathOf(source))))
    const answer = await fetchList(source)
    if (answer.status !== 200) throw new Error(`the status is ${answer.status}`)
    return readRevocationList(derOf(Buffer.from(await answer.arrayBuffer())))
  }

  async function renew(source: string, before: Held | undefined): Promise<RevocationList | undefined> {
    const next: Held = { ...before, askAgainAt: clock() + renewMs, asking: undefined }
    try {
      const list = await read(source)
      // a list from before would give back what is revoked
      if (!before?.list || list.thisUpdate >= before.list.thisUpdate || clock() > before.list.nextUpdate)
        next.list = list
    } catch {
      next.askAgainAt = clock() + restMs
    }
    held.set(source, next)
    return next.list
  }

  return async (source) => {
    const known = held.get(source)
    if (known?.asking) return known.asking
    if (known && clock() < known.askAgainAt) return known.list
    const asking = renew(source, known)
    held.set(source, { askAgainAt: 0, ...known, asking })
    return asking
  }
}

/** One list that has the certificate is enough to refuse it; one that speaks for it is needed to accept it. */
async function byLists(lists: Lists, sources: readonly string[], about: About, now: number): Promise<RevocationState> {
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
