import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Bearer } from '../../../oidc/access-tokens.ts'
import { forProgram, readProgramDocument } from '../../../pages/program-answers.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import type { Router, RouterContext } from '../../method.ts'
import type { Wanting } from './approval.ts'
import { contextOf } from './context.ts'
import { approve, decline, identify, wish } from './phone/phone-decision.ts'
import type { Phone, PhoneDeps } from './phone/phone-deps.ts'
import { findScanned, scan } from './phone/scan.ts'
import { name } from './qr-deps.ts'
import { deadline, type QrTransaction } from './states.ts'

const scanned = z.strictObject({ frame: z.string().max(400) })
const decided = z.strictObject({ id: z.string().max(64) })

/**
 * For a scanner inside an app: scan, approve, refuse. The app brings an access token of scope `qr`, bound by DPoP (RFC 9449) to a
 * key of the app. Rules, limits and audit are those of the pages.
 */
export function apiRoutes(router: Router, deps: PhoneDeps): void {
  const { settings } = deps

  router.post('/api/qr/scan', (ctx) =>
    forApp(deps, ctx, async (phone) => {
      const { frame } = await readProgramDocument(ctx, scanned)
      const prefix = `${settings.issuer}/q/`
      if (!frame.startsWith(prefix)) throw new Refusal('qr_gone', 'a QR code of another service')
      const id = await scan(deps, frame.slice(prefix.length), phone)
      await answer(deps, ctx, id, await identify(deps, id, phone))
    }),
  )
  for (const [path, decide] of [
    ['approve', approve],
    ['refuse', decline],
  ] as const) {
    router.post(`/api/qr/${path}`, (ctx) =>
      forApp(deps, ctx, async (phone) => {
        const { id } = await readProgramDocument(ctx, decided)
        await findScanned(deps, id, phone)
        const decision = await decide(deps, id, phone)
        if (typeof decision === 'string') {
          // the person agrees and signs in again: that sign-in has its time, as on a page
          await wish(deps, id, phone)
          const left = secondsLeft(deps, await findScanned(deps, id, phone))
          challenge(ctx, decision, { maxAge: settings.lifetimes.freshSignIn, left })
        } else await answer(deps, ctx, id, decision)
      }),
    )
  }
}

const forApp = (deps: PhoneDeps, ctx: RouterContext, act: (phone: Phone) => Promise<void>): Promise<void> =>
  forProgram(ctx, async () => {
    const phone = await phoneOf(deps, ctx)
    if (phone) await act(phone)
  })

/** The app behind the access token; undefined where the answer is already written. */
async function phoneOf(deps: PhoneDeps, ctx: RouterContext): Promise<Phone | undefined> {
  const bearer = await deps.accessTokens.check({
    authorization: ctx.get('authorization'),
    proof: ctx.get('dpop'),
    method: ctx.method,
    url: `${deps.settings.issuer}${ctx.path}`,
    scope: name,
  })
  if (typeof bearer !== 'string') return phoneFrom(deps, ctx, bearer)
  ctx.status = bearer === 'insufficient_scope' ? 403 : 401
  ctx.set('www-authenticate', `DPoP error="${bearer}", scope="${name}", algs="ES256 Ed25519 EdDSA"`)
  ctx.body = { error: bearer }
  return undefined
}

async function phoneFrom({ sessions }: PhoneDeps, ctx: RouterContext, bearer: Bearer): Promise<Phone> {
  const { keyThumbprint, session, clientId } = bearer
  const { address, networks, browser } = requestOf(ctx)
  const origin = await sessions.origin(session.uid)
  return {
    key: createHash('sha256').update(`app\0${keyThumbprint}\0${session.uid}`).digest('base64url'),
    address,
    networks,
    by: { actor: `app:${clientId}`, restricted: { address, browser } },
    personId: session.personId,
    level: session.level,
    amr: session.amr,
    sessionUid: session.uid,
    signedInAt: session.signedInAt,
    inApp: true,
    deviceKey: origin?.deviceKey,
  }
}

/** Until the present state ends; infinite for one that has ended. */
const secondsLeft = ({ settings, clock }: PhoneDeps, transaction: QrTransaction) =>
  Math.ceil((deadline(transaction, settings.methods.qr.times) - clock()) / 1000)

async function answer(deps: PhoneDeps, ctx: RouterContext, id: string, transaction: QrTransaction): Promise<void> {
  const { frames } = deps
  const { state, reason, needsCode } = transaction
  const { address, language } = requestOf(ctx)
  const left = secondsLeft(deps, transaction)
  ctx.body = {
    id,
    state,
    ...(reason === undefined ? {} : { reason }),
    ...(Number.isFinite(left) ? { seconds_left: left } : {}),
    ...(state === 'approved' && needsCode ? { code: frames.code(id) } : {}),
    ...(state === 'scanned' ? { request: await contextOf(deps, transaction, { address, language }) } : {}),
  }
}

/** RFC 9470: the person signs in again, by passkey where they can; `amr` names what the new sign-in must have. */
function challenge(ctx: RouterContext, wanting: Wanting, { maxAge, left }: { maxAge: number; left: number }): void {
  const error = 'insufficient_user_authentication'
  ctx.status = 401
  ctx.set('www-authenticate', `DPoP error="${error}", scope="${name}", max_age="${maxAge}", algs="ES256 Ed25519 EdDSA"`)
  ctx.body = { error, max_age: maxAge, seconds_left: left, ...(wanting === 'signature' ? { amr: ['user'] } : {}) }
}
