import { requestOf } from '../../../pages/request-context.ts'
import { ended, isUnseen, type FaceResult } from '../../../proofing/face/face-verifier.ts'
import { thresholds } from '../../../proofing/face/thresholds.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { actorOf } from '../../actor.ts'
import type { Router, RouterContext } from '../../method.ts'
import { findOwn, takePassed, type Checked } from './check-store.ts'
import { beginCheck, completeCheck } from './checks.ts'
import type { CheckDeps } from './judge-check.ts'
import { cameraHelpFor } from './camera-help.ts'
import { lookAt } from './look.ts'
import { receiveFrames } from './upload.ts'

/** Where a face is asked for: in a running login, or in the account centre. */
export interface Situation extends Checked {
  /** Where these routes are mounted, for this login or session. */
  base: string
  /** A page that leads on without a face; every page here links to it. */
  elsewhere: string
  show(view: string, data: Record<string, unknown>, status?: number): Promise<void>
  /** Where the person is only named: the situation keeps the consent of the person at the camera. */
  consent?: { given: boolean; give(): Promise<void> }
  /** What a verified face is for. */
  passed(): Promise<unknown>
}

const { darkest } = thresholds

const overloadSeconds = '5'

/**
 * Consent, camera or vendor, answer: the same for every purpose. `of` gives the situation, or undefined where the browser was
 * sent to another page.
 */
export function faceRoutes(
  router: Router,
  deps: CheckDeps,
  of: (ctx: RouterContext) => Promise<Situation | undefined>,
): void {
  const { artifacts } = deps

  const inSituation =
    (act: (ctx: RouterContext, situation: Situation) => Promise<void>) => async (ctx: RouterContext) => {
      const situation = await of(ctx)
      if (!situation) return
      requestOf(ctx).returnTo = situation.elsewhere
      await act(ctx, situation)
    }

  router.post(
    '/start',
    inSituation((ctx, situation) => begin(deps, ctx, situation)),
  )

  router.post(
    '/consent',
    inSituation(async (ctx, situation) => {
      if (requestOf(ctx).form['agree'] !== 'yes') throw new Refusal('bad_request', 'no consent in the form')
      const { person, consent } = situation
      if (consent) {
        await consent.give()
        return begin(deps, ctx, { ...situation, consent: { ...consent, given: true } })
      }
      if (!person || !(await deps.faceConsents.give(person, actorOf(ctx)))) {
        throw new Refusal('forbidden', 'too young to agree')
      }
      return begin(deps, ctx, situation)
    }),
  )

  // an answer in words for one still, before and during the capture
  router.post(
    '/look',
    inSituation(async (ctx, situation) => {
      ctx.body = { seen: await lookAt(deps, ctx, situation, String(ctx.query['check'])) }
    }),
  )

  router.post(
    '/frames',
    inSituation(async (ctx, situation) => {
      const check = String(ctx.query['check'])
      const own = await findOwn(artifacts, check, situation)
      const result = own ? await judged(deps, ctx, situation, check) : ended('late')
      ctx.status = result.outcome === 'busy' ? 503 : 200
      if (result.outcome === 'busy') ctx.set('retry-after', overloadSeconds)
      ctx.body = shown(result)
    }),
  )

  router.post(
    '/done',
    inSituation(async (ctx, situation) => {
      if (!(await takePassed(artifacts, requestOf(ctx).form['check'] ?? '', situation))) {
        throw new Refusal('login_expired', 'no face was verified here')
      }
      await situation.passed()
    }),
  )

  // where a vendor sends the browser back to
  router.get(
    '/return',
    inSituation((ctx, situation) => comeBack(deps, ctx, situation)),
  )
}

async function begin(deps: CheckDeps, ctx: RouterContext, situation: Situation): Promise<void> {
  const { faceConsents, settings } = deps
  const { base, elsewhere, person, purpose, consent } = situation
  const page = { base, elsewhere, csrf: requestOf(ctx).csrf() }
  if (consent?.given === false) throw new Refusal('login_expired', 'no consent was given here')
  // a kiosk asked for the identifier before, and must not show whether there is such an account
  if (person && !isUnseen(purpose) && !(await faceConsents.given(person.id))) {
    const young = !faceConsents.mayAgree(person)
    return situation.show('face/consent', { ...page, young, declares: faceConsents.isAgeUnknown(person) })
  }
  const returnUrl = (id: string) => `${settings.issuer}${base}/return?check=${id}`
  const begun = await beginCheck(deps, situation, { returnUrl, userAgent: ctx.get('user-agent') }, actorOf(ctx))
  // a link and no redirect: forms lead only to this server and the portal (Content-Security-Policy form-action)
  if (begun.kind === 'redirect') {
    return situation.show('face/leave', { ...page, url: begun.url, domain: new URL(begun.url).hostname })
  }
  if (begun.kind === 'native') {
    const { channel, handle } = begun
    return situation.show('face/native', { ...page, channel, handle, scripts: ['channel.js'] })
  }
  if (begun.kind === 'not') return situation.show('face/not', { ...page, why: begun.why })
  ctx.set('permissions-policy', 'camera=(self), microphone=(), geolocation=()')
  const { id, actions } = begun
  const help = cameraHelpFor(ctx.get('user-agent'))
  const { container } = requestOf(ctx)
  const steps = ['straight', ...actions]
  const shownWith = { check: id, steps, help, container, darkest, scripts: ['face.js'] }
  return situation.show('face/capture', { ...page, ...shownWith })
}

/** The place in the pool comes first: without one, a request costs no megabyte. One account never takes two places. */
async function judged(deps: CheckDeps, ctx: RouterContext, situation: Situation, check: string): Promise<FaceResult> {
  const place = deps.facePool.enter()
  if (!place) return ended('busy')
  try {
    const result = await deps.limits.alone(situation.who, async () => {
      const frames = await receiveFrames(ctx)
      // an upload that was cut off uses up its challenge: else one challenge could hold a place again and again
      return completeCheck(deps, check, situation, { kind: 'frames', frames: frames ?? [] }, actorOf(ctx))
    })
    return result ?? ended('busy')
  } finally {
    place.leave()
  }
}

async function comeBack(deps: CheckDeps, ctx: RouterContext, situation: Situation): Promise<void> {
  const parameters = Object.fromEntries(
    Object.entries(ctx.query).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
  const { check = '' } = parameters
  const evidence = { kind: 'return', parameters } as const
  const complete = () => completeCheck(deps, check, situation, evidence, actorOf(ctx))
  const result = (await deps.limits.alone(situation.who, complete)) ?? ended('busy')
  if (result.outcome === 'passed' && (await takePassed(deps.artifacts, check, situation))) {
    await situation.passed()
    return
  }
  const { base, elsewhere } = situation
  await situation.show('face/result', { base, elsewhere, csrf: requestOf(ctx).csrf(), told: shown(result) })
}

const shown = ({ outcome, reasons }: FaceResult) => ({ outcome, reasons: [...reasons] })
