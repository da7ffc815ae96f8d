import { z } from 'zod'
import type { UpstreamStep } from '../../../upstreams/upstream-client.ts'
import { hostCookie } from '../../../pages/host-cookie.ts'
import type { RouterContext } from '../../method.ts'
import { freshSecret, sealedArtifacts, type SealedArtifacts } from '../../sealed-artifacts.ts'
import type { UpstreamDeps } from './upstream-deps.ts'

/** Seconds for the person at the upstream's pages. */
export const stepSeconds = 600
/** Steps of one browser that may wait at the same time. */
const mostWaiting = 4

const schema = z.object({
  /** The running login: it belongs to one browser. */
  attempt: z.string(),
  upstream: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  level: z.union([z.literal(2), z.literal(3), z.literal(4)]),
  /** ms; the person must sign in there after it. */
  freshSince: z.number().optional(),
})

export type StoredStep = z.infer<typeof schema>

/** Walks to an upstream, by their state. Each is taken once. */
export type Steps = SealedArtifacts<StoredStep>

export const createSteps = (deps: Pick<UpstreamDeps, 'artifacts' | 'cipher'>): Steps =>
  sealedArtifacts(deps, 'upstream-step', schema)

/** A new walk: each value is fresh, and counts once. PKCE: 43 characters at least (RFC 7636, 4.1). */
export const newStep = (given: Pick<StoredStep, 'attempt' | 'upstream' | 'level' | 'freshSince'>): StoredStep => ({
  ...given,
  nonce: freshSecret(),
  verifier: `${freshSecret()}${freshSecret()}`,
})

/** As the client of the upstream takes it. */
export const stepOf = (
  issuer: string,
  state: string,
  { upstream, nonce, verifier, level, freshSince }: StoredStep,
): UpstreamStep => ({
  callback: `${issuer}/upstream/${upstream}/callback`,
  state,
  nonce,
  verifier,
  level,
  freshSince,
})

const stateForm = /^[0-9A-Za-z]{27}$/

/** The states of this browser, for upstreams that drop `state` (facts: TIF). */
export function waitingStates(secure: boolean) {
  const cookie = hostCookie('yideng_upstream', secure)
  const read = (ctx: RouterContext): string[] => {
    const states = (ctx.cookies.get(cookie, { signed: false }) ?? '').split('.')
    return states.filter((state) => stateForm.test(state)).slice(0, mostWaiting)
  }
  return {
    add(ctx: RouterContext, state: string): void {
      const states = [state, ...read(ctx)].slice(0, mostWaiting)
      const options = { signed: false, httpOnly: true, sameSite: 'lax', secure, overwrite: true } as const
      ctx.cookies.set(cookie, states.join('.'), options)
    },
    /** The state of the only step of this browser that waits for this upstream; undefined where none or several do. */
    async only(ctx: RouterContext, steps: Steps, upstream: string): Promise<string | undefined> {
      const found = await Promise.all(read(ctx).map(async (state) => ({ state, step: await steps.read(state) })))
      const here = found.filter(({ step }) => step?.upstream === upstream)
      return here.length === 1 ? here[0]?.state : undefined
    },
  }
}

export type WaitingStates = ReturnType<typeof waitingStates>
