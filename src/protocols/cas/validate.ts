import type { Context } from 'koa'
import { isInNetworks } from '../../config/networks.ts'
import { requestOf } from '../../pages/request-context.ts'
import type { LegacyDeps } from '../legacy-routes.ts'
import { readClaims, redeem, type LegacyGrant } from '../redeem.ts'
import { attributesOf } from './attributes.ts'
import type { Failure, FailureCode, Outcome } from './answers.ts'
import { codeOf } from './cas-answer.ts'
import { begunAtOf } from './logged-in.ts'
import { readService } from './service.ts'
import type { FoundPortal } from './cas-routes.ts'

/** What a portal asks about a ticket. */
export interface Asked {
  service: string
  ticket: string
  /** Only a ticket of a fresh sign-in counts. */
  renew: boolean
}

const failure = (code: FailureCode, description: string): Failure => ({ code, description })
const noTicket = failure('INVALID_TICKET', 'The ticket is unknown, was used before, or its time is over.')

/**
 * Validates a ticket (CAS Protocol 3.0.3 section 2.5). The first question spends a ticket, also a wrong one.
 * @param found the portal of the service; undefined where none speaks CAS today
 */
export async function validate(
  deps: LegacyDeps,
  ctx: Context,
  { asked, found }: { asked: Asked; found: FoundPortal | undefined },
): Promise<Outcome> {
  const code = codeOf(asked.ticket)
  if (code === undefined) return noTicket
  const service = readService(asked.service)
  const ids = new Set((await deps.casPortals()).map(({ id }) => id))
  const shown = { client: found?.client, code, redirectUri: found?.address, isOwn: (id: string) => ids.has(id) }
  const redeemed = await redeem(deps, shown)
  if (!redeemed.ok) return redeemed.why === 'other' ? otherService : noTicket
  const { grant } = redeemed
  const begunAt = service === undefined ? undefined : begunAtOf(grant.nonce, service)
  if (!found || service === undefined || begunAt === undefined) return otherService
  const { networks } = found.client
  if (networks && !isInNetworks(requestOf(ctx).address, networks)) return elsewhere
  const fresh = grant.authTime >= begunAt
  if (asked.renew && !fresh) return notFresh
  return answerFor(deps, ctx, { asked: { ...asked, service }, grant, fresh })
}

const otherService = failure('INVALID_SERVICE', 'The ticket is not for this service.')
const elsewhere = failure('INVALID_SERVICE', 'The service is registered with other networks than that of this call.')
const notFresh = failure('INVALID_TICKET', 'The ticket is of a session that existed before, and renew was asked.')

interface Accepted {
  asked: Asked
  grant: LegacyGrant
  fresh: boolean
}

async function answerFor(deps: LegacyDeps, ctx: Context, { asked, grant, fresh }: Accepted): Promise<Outcome> {
  const claims = await readClaims(deps, ctx, grant)
  if (!claims) return noTicket
  const { ticket, service } = asked
  if (grant.sid !== undefined) await deps.singleLogout.remember({ sessionId: grant.sid, ticket, service })
  const { authTime: signedInAt, acr = '', amr } = grant
  return { user: claims.sub, attributes: attributesOf(claims, { signedInAt, acr, amr, fresh }) }
}
