import { z } from 'zod'
import { identified, miniProgramOf } from '../../../channels/identified.ts'
import { createLimits } from '../../../guards/limits.ts'
import { nativePageLimit } from '../../../guards/native-pages.ts'
import { forProgram, readProgramDocument } from '../../../pages/program-answers.ts'
import { idOf } from '../../../pages/redirect.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { hashId } from '../../../storage/hash-id.ts'
import { assertQuestion, pathOf } from '../../attempt.ts'
import type { LoginHost, Router } from '../../method.ts'
import { arrive } from './arrive.ts'
import type { ChannelDeps } from './channel-deps.ts'
import type { Handles } from './handle.ts'
import { identity as identitySchema, type ChannelProofs } from './proofs.ts'
import { freshSecret, sealedArtifacts, type SealedArtifacts } from '../../sealed-artifacts.ts'
import { unseen } from '../../unseen.ts'
import { mayUse } from './shown-here.ts'

/** Seconds that a ticket counts: the native page opens its web view at once. */
const ticketSeconds = 60
/** Tickets of one running login: the person may go back and try again. */
const mostOfLogin = 10
const windowSeconds = 600

const asked = z.strictObject({ code: z.string().min(1).max(512), handle: z.string().min(1).max(400) })

const ticket = z.object({ channel: z.string(), attempt: z.string(), identity: identitySchema })

export type Tickets = SealedArtifacts<z.infer<typeof ticket>>

export const createTickets = (deps: Pick<ChannelDeps, 'artifacts' | 'cipher'>): Tickets =>
  sealedArtifacts(deps, 'channel-ticket', ticket)

export type TicketDeps = ChannelDeps & { handles: Handles; tickets: Tickets; proofs: ChannelProofs }

/** Counts tickets and starts by network, together with the other native pages. */
export const channelLimit = (deps: ChannelDeps) => nativePageLimit(deps, deps.settings.limits.addressTries)

/**
 * POST /api/channel/<id>/ticket: a native page hands in the code of its vendor with the handle of our page (channels.md 2). Nothing here asks who is bound, so the answer and its time are the same for all.
 */
export function ticketRoute(router: Router, deps: TicketDeps): void {
  const { channels, handles, tickets, artifacts, clock } = deps
  const networks = channelLimit(deps)
  const limits = createLimits(artifacts, clock)

  router.post('/api/channel/:id/ticket', (ctx) =>
    forProgram(ctx, async () => {
      await networks.spend(requestOf(ctx))
      const client = miniProgramOf(channels, idOf(ctx))
      const { code, handle } = await readProgramDocument(ctx, asked)
      const attempt = handles.read(client.channel.id, handle)
      if (attempt === undefined) throw new Refusal('channel_expired', 'no handle of a running login')
      await limits.spend({ name: 'channel-login', most: mostOfLogin, seconds: windowSeconds }, hashId(attempt))
      const identity = await identified(client, code)
      const secret = freshSecret()
      await tickets.put(secret, { channel: client.channel.id, attempt, identity }, ticketSeconds)
      ctx.body = { ticket: secret, expires_in: ticketSeconds }
    }),
  )
}

/**
 * GET /login/<attempt>/channel/<id>/enter?t=: the web view comes back with the ticket. It counts once, and in the browser of the login
 * whose page made the handle. The answer leads away, so the ticket stays in no history.
 */
export function enterRoute(router: Router, host: LoginHost, deps: TicketDeps): void {
  router.get('/:id/enter', async (ctx) => {
    unseen(ctx)
    const attempt = await host.attempt(ctx)
    assertQuestion(attempt, 'login')
    const given = typeof ctx.query['t'] === 'string' ? ctx.query['t'] : ''
    requestOf(ctx).returnTo = pathOf(attempt)
    const client = deps.channels.client(idOf(ctx))
    const taken = await deps.tickets.take(given)
    const own = taken?.attempt === attempt.id && taken.channel === client?.channel.id
    if (!own || !client || !mayUse(client.channel, attempt))
      throw new Refusal('channel_expired', 'no ticket of this login')
    await arrive(deps, host, ctx, { attempt, channel: client.channel, answer: { identity: taken.identity } })
  })
}
