import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Bearer } from '../../../oidc/access-tokens.ts'
import { readJson } from '../../../pages/bodies.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import type { Router, RouterContext } from '../../method.ts'
import type { Wanting } from './approval.ts'
import { contextOf } from './context.ts'
import type { Frames } from './frames.ts'
import type { RegionOf } from '../../../config/networks.ts'
import { name, type QrDeps } from './qr-deps.ts'
import type { Phone, PhoneActs } from './phone/phone-acts.ts'
import { deadline, type QrTransaction } from './states.ts'

export interface ApiDeps extends QrDeps {
  acts: PhoneActs
  frames: Frames
  regionOf: RegionOf
}

const mostBytes = 2048
const scanned = z.strictObject({ frame: z.string().max(400) })
const decided = z.strictObject({ id: z.string().max(64) })

/** @throws Refusal `bad_request` and those of `readJson` */
async function read<T>(ctx: RouterContext, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(await readJson(ctx, mostBytes))
  if (!parsed.success) throw new Refusal('bad_request', parsed.error.message)
  return parsed.data
}

/**
 * For a scanner inside an app: scan, approve, refuse. The app brings an access token of scope `qr` bound to a key of its
 * own by DPoP (RFC 9449); rules, limits and audit are those of the pages.
 */
export function apiRoutes(router: Router, deps: ApiDeps): void {
  const { acts, frames, sessions, settings, clock } = deps

  /** Undefined when it has answered already. */
  async function phoneOf(ctx: RouterContext): Promise<Phone | undefined> {
    const bearer = await deps.accessTokens.check({
      authorization: ctx.get('authorization'),
      proof: ctx.get('dpop'),
      method: ctx.method,
      url: `${settings.issuer}${ctx.path}`,
      scope: name,
    })
    if (typeof bearer !== 'string') return phoneFrom(ctx, bearer)
    ctx.status = bearer === 'insufficient_scope' ? 403 : 401
    ctx.set('www-authenticate', `DPoP error="${bearer}", scope="${name}", algs="ES256 Ed25519 EdDSA"`)
    ctx.body = { error: bearer }
    return undefined
  }

  async function phoneFrom(ctx: RouterContext, { keyThumbprint, session, clientId }: Bearer): Promise<Phone> {
    const { address, networks, browser } = requestOf(ctx)
    const about = await sessions.about(session.uid)
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
      deviceKey: about?.deviceKey,
    }
  }

  async function answer(ctx: RouterContext, id: string, transaction: QrTransaction) {
    const { state, reason, needsCode } = transaction
    const { address, language } = requestOf(ctx)
    const left = Math.ceil((deadline(transaction, settings.methods.qr.times) - clock()) / 1000)
    ctx.body = {
      id,
      state,
      ...(reason === undefined ? {} : { reason }),
      ...(Number.isFinite(left) ? { seconds_left: left } : {}),
      ...(state === 'approved' && needsCode ? { code: frames.code(id) } : {}),
      ...(state === 'scanned' ? { request: await contextOf(deps, transaction, { address, language }) } : {}),
    }
  }

  /** RFC 9470: the person signs in once more, by passkey where they can; `amr` says what the new sign-in must have. */
  function challenge(ctx: RouterContext, wanting: Wanting) {
    const error = 'insufficient_user_authentication'
    const maxAge = settings.lifetimes.freshSignIn
    ctx.status = 401
    ctx.set(
      'www-authenticate',
      `DPoP error="${error}", scope="${name}", max_age="${maxAge}", algs="ES256 Ed25519 EdDSA"`,
    )
    ctx.body = { error, max_age: maxAge, ...(wanting === 'signature' ? { amr: ['user'] } : {}) }
  }

  /** Programs read a code, not a page. */
  const forProgram = (act: (ctx: RouterContext, phone: Phone) => Promise<void>) => async (ctx: RouterContext) => {
    try {
      const phone = await phoneOf(ctx)
      if (phone) await act(ctx, phone)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      ctx.status = error.status
      if (error.retryAfter !== undefined) ctx.set('retry-after', String(error.retryAfter))
      ctx.body = { error: error.code, reference: requestOf(ctx).id }
    }
  }

  router.post(
    '/api/qr/scan',
    forProgram(async (ctx, phone) => {
      const { frame } = await read(ctx, scanned)
      const prefix = `${settings.issuer}/q/`
      if (!frame.startsWith(prefix)) throw new Refusal('qr_gone', 'the QR code of somebody else')
      const id = await acts.scan(frame.slice(prefix.length), phone)
      await answer(ctx, id, await acts.identify(id, phone))
    }),
  )
  for (const [path, act] of [
    ['approve', acts.approve],
    ['refuse', acts.decline],
  ] as const) {
    router.post(
      `/api/qr/${path}`,
      forProgram(async (ctx, phone) => {
        const { id } = await read(ctx, decided)
        await acts.find(id, phone)
        const decision = await act(id, phone)
        if (typeof decision === 'string') challenge(ctx, decision)
        else await answer(ctx, id, decision)
      }),
    )
  }
}
