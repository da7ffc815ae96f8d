import { z } from 'zod'
import type { ChannelFailure } from '../../../channels/channel-client.ts'
import { hasMiniProgram, miniProgramOf } from '../../../channels/identified.ts'
import { forProgram, readProgramDocument } from '../../../pages/program-answers.ts'
import { idOf } from '../../../pages/redirect.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { Refusal, type RefusalCode } from '../../../refusal/refusal.ts'
import type { Router } from '../../method.ts'
import type { PhoneDeps } from './phone/phone-deps.ts'
import { handOver } from './phone/scan.ts'
import { ticketSeconds } from './states.ts'

/** `frame` is the whole address in the QR code; `code` is that of `wx.login` or `my.getAuthCode`. */
const scanned = z.strictObject({ frame: z.string().max(400), code: z.string().min(1).max(512) })

const refusalOf: Readonly<Record<ChannelFailure, RefusalCode>> = {
  code_refused: 'forbidden',
  snapshot_visitor: 'forbidden',
  user_blocked: 'forbidden',
  unavailable: 'unavailable',
  channel_misconfigured: 'unavailable',
}

/**
 * POST /api/channel/<id>/scan: a vendor's scanner has read our QR code and started a mini program. Its native page hands the frame
 * over before its web view starts. The frame is judged first, for it is on the screen for four seconds. The answer is an address
 * for the web view, with a ticket that takes the frame's place. Nothing is claimed here: the web view shows the page that each other
 * browser gets. The code comes from the operator's program and from a user of the vendor, so no script makes tickets.
 */
export function miniProgramRoutes(router: Router, deps: PhoneDeps): void {
  const { channels, settings } = deps
  if (!hasMiniProgram(channels)) return
  const prefix = `${settings.issuer}/q/`

  router.post('/api/channel/:id/scan', (ctx) =>
    forProgram(ctx, async () => {
      const client = miniProgramOf(channels, idOf(ctx))
      const { frame, code } = await readProgramDocument(ctx, scanned)
      if (!frame.startsWith(prefix)) throw new Refusal('qr_gone', 'a QR code of another service')
      const ticket = await handOver(deps, frame.slice(prefix.length), requestOf(ctx))
      const answer = await client.identify(code)
      if ('failure' in answer) throw new Refusal(refusalOf[answer.failure], answer.failure)
      ctx.body = { url: `${frame}?t=${ticket}`, expires_in: ticketSeconds }
    }),
  )
}
