import { z } from 'zod'
import type { Channels } from '../channels/channel-client.ts'
import { hasMiniProgram, identified, refusalOf } from '../channels/identified.ts'
import { ticketSeconds, type PhoneTickets } from '../channels/phone-tickets.ts'
import type { Clock } from '../config/clock.ts'
import { createLimits } from '../guards/limits.ts'
import { nativePageLimit } from '../guards/native-pages.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import { forProgram, readProgramDocument } from '../pages/program-answers.ts'
import { idOf } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { hashId } from '../storage/hash-id.ts'
import type { Router } from './method.ts'

export interface PhoneFromChannelDeps {
  channels: Channels
  phoneTickets: PhoneTickets
  artifacts: Artifacts
  blindIndex: BlindIndex
  /** Codes of one network in ten minutes. */
  addressTries: number
  issuer: string
  clock: Clock
}

const code = z.string().min(1).max(256)
/** `code` is of the button `getPhoneNumber`, `login` of `wx.login()`: WeChat compares whose they are. */
const asked = z.strictObject({ code, login: code, handle: z.string().max(1200) })

/** Codes for one handle: a page needs one. */
const tries = { name: 'channel-phones', most: 5, seconds: 600, longest: 600 }

/** For the native page of a mini program: a number that its person agreed to show becomes a ticket for the page that asked. */
export function phoneFromChannelRoutes(router: Router, deps: PhoneFromChannelDeps): void {
  const { channels, phoneTickets, issuer } = deps
  if (!hasMiniProgram(channels)) return
  const limits = createLimits(deps.artifacts, deps.clock)
  const networks = nativePageLimit(deps, deps.addressTries)

  router.post('/api/channel/:id/phone', (ctx) =>
    forProgram(ctx, async () => {
      await networks.spend(requestOf(ctx))
      const { code: phoneCode, login, handle } = await readProgramDocument(ctx, asked)
      const id = idOf(ctx)
      const client = channels.client(id)
      if (!client?.phoneOf) throw new Refusal('not_found', 'no channel that knows numbers')
      const wanted = phoneTickets.open(id, handle)
      if (!wanted) throw new Refusal('login_expired', 'no page waits for a number here')
      if ((await limits.count(tries, hashId(handle))) > 0) throw new Refusal('too_many_requests', 'codes for one page')
      const { ids } = await identified(client, login)
      const found = await client.phoneOf(phoneCode, ids)
      if ('failure' in found) throw refusalOf(found.failure)
      const ticket = await phoneTickets.issue({ holder: wanted.holder, phone: found.phone })
      ctx.body = { ticket, address: `${issuer}${wanted.address}?t=${ticket}`, expires_in: ticketSeconds }
    }),
  )
}
