import { z } from 'zod'
import type { ChannelIdentity } from '../../../channels/channel-client.ts'
import { sealedArtifacts, type SealedArtifacts } from '../../sealed-artifacts.ts'
import type { ChannelDeps } from './channel-deps.ts'

const ids = z.object({
  unionid: z.string(),
  openid: z.string(),
  user_id: z.string(),
  open_id: z.string(),
})

/** An identity in the artifact store. */
export const identity = z.object({ subject: z.string(), ids: ids.partial() }) as unknown as z.ZodType<ChannelIdentity>

const proof = z.object({
  channel: z.string(),
  identity,
  /** Milliseconds since 1970 UTC. */
  at: z.number(),
})

/** A vendor's account that took part in a running login and has no binding. */
export type ChannelProof = z.infer<typeof proof>

/** By login: a login belongs to one browser, and so does the proof. */
export type ChannelProofs = SealedArtifacts<ChannelProof>

export const createProofs = (deps: Pick<ChannelDeps, 'artifacts' | 'cipher'>): ChannelProofs =>
  sealedArtifacts(deps, 'channel-proof', proof)
