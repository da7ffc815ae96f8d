import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CompactSign, type JSONWebKeySet } from 'jose'
import { createOutbound } from '../../../src/guards/outbound.ts'
import type { SignDocument } from '../../../src/keys/document-signatures.ts'
import { createUpstreams } from '../../../src/upstreams/open-upstreams.ts'
import type { UpstreamClient, UpstreamReturn, UpstreamStep } from '../../../src/upstreams/upstream-client.ts'
import { tooLong } from '../../../src/upstreams/upstream-fetch.ts'
import { readUpstreams } from '../../../src/upstreams/upstreams.ts'
import { afterFile } from '../after-file.ts'

/** Ours, for upstreams that are opened without a server. */
export const issuer = 'https://id.example'

/** Writes the file of YIDENG_UPSTREAMS with its key files. @returns its path */
export function upstreamsFile(rows: object[], keys: Record<string, string> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-upstreams-'))
  afterFile(() => rmSync(directory, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(keys)) writeFileSync(join(directory, name), text)
  const file = join(directory, 'upstreams.json')
  writeFileSync(file, JSON.stringify(rows))
  return file
}

/** A signer of ours, with its public half. */
export function ownSigner(): { sign: SignDocument; keySet: () => JSONWebKeySet } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const sign = (typ: string, document: object, key: KeyObject = privateKey) =>
    new CompactSign(new TextEncoder().encode(JSON.stringify(document)))
      .setProtectedHeader({ alg: 'ES256', kid: 'own', typ })
      .sign(key)
  return {
    sign,
    keySet: () => ({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'own', alg: 'ES256' }] }),
  }
}

interface Opening {
  keys?: Record<string, string>
  sign?: SignDocument
  /** Milliseconds for one answer of an upstream. */
  patienceMs?: number
  clock?: () => number
}

/** The upstreams of rows, as a server opens them from its file. */
export function openUpstreams(rows: object[], opening: Opening = {}) {
  const { keys, sign = ownSigner().sign, patienceMs = 5000, clock = Date.now } = opening
  const upstreams = readUpstreams({ production: false, upstreams: { file: upstreamsFile(rows, keys) } })
  const limits = { patienceMs, mostBytes: 256 * 1024, readsPosts: true, tooLong }
  return createUpstreams({ upstreams, fetch: createOutbound({ allowed: () => true, ...limits }), clock, issuer, sign })
}

let steps = 0

/** A step of its own, with fresh values. */
export function newStep({ upstream }: Pick<UpstreamClient, 'upstream'>): UpstreamStep {
  steps += 1
  const callback = `${issuer}/upstream/${upstream.id}/callback`
  return {
    callback,
    state: `state${steps}`,
    nonce: `nonce${steps}`,
    verifier: `verifier${steps}`.padEnd(43, 'x'),
    level: 3,
  }
}

/** Takes a browser to the upstream. @returns what it brings back to our callback, as the login method hands it over */
export async function walk(client: UpstreamClient, step: UpstreamStep): Promise<UpstreamReturn> {
  const begun = await client.begin(step)
  if ('failure' in begun) throw new Error(begun.failure)
  const answer = await fetch(begun.url, { redirect: 'manual' })
  const back = new URL(answer.headers.get('location') ?? 'none:')
  const [callback, state] = [step.callback, back.pathname.split('/callback/')[1]]
  if (!back.href.startsWith(callback)) throw new Error(`${answer.status} ${back.href}`)
  return { ...Object.fromEntries(back.searchParams), ...(state === undefined ? {} : { state }) }
}
