import { z } from 'zod'
import { isAmong } from '../../../accounts/constant-time.ts'
import { hashId } from '../../../storage/hash-id.ts'
import type { UpstreamIdentity } from '../../../upstreams/upstream-client.ts'
import type { Upstream } from '../../../upstreams/upstreams.ts'
import type { Attempt } from '../../attempt.ts'
import { sealedArtifacts, type SealedArtifacts } from '../../sealed-artifacts.ts'
import type { UpstreamDeps } from './upstream-deps.ts'

const identity = z.object({
  subject: z.string(),
  level: z.union([z.literal(2), z.literal(3), z.literal(4)]),
  document: z.object({ type: z.string(), number: z.string() }).optional(),
  name: z.string().optional(),
  phone: z.string().optional(),
  session: z.object({ sid: z.string().optional(), idToken: z.string().optional() }).optional(),
})

const schema = z.object({
  upstream: z.string(),
  identity,
  /** The running login that the upstream spoke for. */
  attempt: z.string(),
  /** Hash of the secret of its browser (oidc/login-browser.ts). */
  browser: z.string(),
  /** Of the walk to the upstream: no other walk has it. */
  nonce: z.string(),
})

/** An account of an upstream that took part in a running login, and that no link knows. */
export type UpstreamProof = z.infer<typeof schema>

/** By login. A proof is taken once, for any answer. */
export type UpstreamProofs = SealedArtifacts<UpstreamProof>

export const createProofs = (deps: Pick<UpstreamDeps, 'artifacts' | 'cipher'>): UpstreamProofs =>
  sealedArtifacts(deps, 'upstream-proof', schema)

export const newProof = (
  { id }: Upstream,
  { attempt, nonce, identity: named }: { attempt: Attempt; nonce: string; identity: UpstreamIdentity },
): UpstreamProof => ({
  upstream: id,
  identity: named,
  attempt: attempt.id,
  browser: attempt.interaction.browser ?? '',
  nonce,
})

/**
 * Names everything that a proof is about: upstream, subject, login, browser, nonce, and each claim. A form sends it, so an answer
 * counts for the account that its page showed, and for no other.
 */
export function proofId({ upstream, identity: named, attempt, browser, nonce }: UpstreamProof): string {
  const { subject, level, document, name, phone } = named
  const claims = [level, document?.type ?? null, document?.number ?? null, name ?? null, phone ?? null]
  return hashId(JSON.stringify([upstream, subject, attempt, browser, nonce, claims]))
}

/** Takes the proof of a login, where it is the one that the form names. Else it stays: the answer was for another page. */
export async function takeShown(
  proofs: UpstreamProofs,
  attempt: string,
  given: string | undefined,
): Promise<UpstreamProof | undefined> {
  const shown = await proofs.read(attempt)
  if (!shown || shown.attempt !== attempt || !isAmong(given ?? '', [proofId(shown)])) return undefined
  const taken = await proofs.take(attempt)
  // another walk of this login may have come in between
  return taken && isAmong(given ?? '', [proofId(taken)]) ? taken : undefined
}
