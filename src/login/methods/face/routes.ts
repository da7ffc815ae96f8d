import { requestOf } from '../../../pages/request-context.ts'
import { ended, type FaceResult } from '../../../proofing/face/verifier.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { actorOf } from '../../host.ts'
import type { Router, RouterContext } from '../../method.ts'
import type { Checked, FaceChecks } from './checks.ts'
import type { FaceLimits } from './limits.ts'
import type { FaceDeps } from './face-deps.ts'
import { receiveFrames } from './upload.ts'

/** Where a face is asked for: in a running login, or in the account centre. */
export interface Situation extends Checked {
  /** Where these routes are mounted, for this login or session. */
  base: string
  /** A page that leads on without a face; every page here links to it. */
  elsewhere: string
  show(view: string, data: Record<string, unknown>, status?: number): Promise<void>
  /** What a verified face is for. */
  passed(): Promise<unknown>
}

const overloadSeconds = '5'

/**
 * Consent, camera or vendor, answer: the same for every purpose. `of` gives the situation, or undefined when the browser was
 * sent somewhere else.
 */
export function faceRoutes(
  router: Router,
  deps: FaceDeps & { checks: FaceChecks; limits: FaceLimits },
  of: (ctx: RouterContext) => Promise<Situation | undefined>,
): void {
  const { settings, faceConsents, facePool, checks, limits } = deps

  async function begin(ctx: RouterContext, situation: Situation): Promise<void> {
    const { base, elsewhere, person } = situation
    const request = requestOf(ctx)
    const page = { base, elsewhere, csrf: request.csrf() }
    // at a kiosk it was asked before, and is not told
    if (person && situation.purpose !== 'login' && !(await faceConsents.given(person.id))) {
      return situation.show('face/consent', {
        ...page,
        young: !faceConsents.mayAgree(person),
        declares: faceConsents.isAgeUnknown(person),
      })
    }
    const begun = await checks.begin(situation, (id) => `${settings.issuer}${base}/return?check=${id}`, actorOf(ctx))
    // a link and no redirect: a form may lead nowhere but to us and the portal (Content-Security-Policy form-action)
    if (begun.kind === 'redirect') {
      return situation.show('face/leave', { ...page, url: begun.url, domain: new URL(begun.url).hostname })
    }
    if (begun.kind === 'not') return situation.show('face/not', { ...page, why: begun.why })
    ctx.set('permissions-policy', 'camera=(self), microphone=(), geolocation=()')
    const { id, actions } = begun
    return situation.show('face/capture', { ...page, check: id, actions: [...actions], scripts: ['face.js'] })
  }

  const told = ({ outcome, reasons }: FaceResult) => ({ outcome, reasons: [...reasons] })

  const situationOf = async (ctx: RouterContext) => {
    const situation = await of(ctx)
    if (situation) requestOf(ctx).returnTo = situation.elsewhere
    return situation
  }

  router.post('/start', async (ctx) => {
    const situation = await situationOf(ctx)
    if (situation) await begin(ctx, situation)
  })

  router.post('/consent', async (ctx) => {
    const situation = await situationOf(ctx)
    if (!situation) return
    if (requestOf(ctx).form['agree'] !== 'yes') throw new Refusal('bad_request', 'no consent in the form')
    const { person } = situation
    if (!person || !(await faceConsents.give(person, actorOf(ctx))))
      throw new Refusal('forbidden', 'too young to agree')
    await begin(ctx, situation)
  })

  router.post('/frames', async (ctx) => {
    const situation = await situationOf(ctx)
    if (!situation) return
    const check = String(ctx.query['check'])
    const result = (await checks.waits(check, situation)) ? await judged(ctx, situation, check) : ended('late')
    ctx.status = result.outcome === 'busy' ? 503 : 200
    if (result.outcome === 'busy') ctx.set('retry-after', overloadSeconds)
    ctx.body = told(result)
  })

  /** A place first: who finds none has cost us a request, and not a megabyte; and an account never holds two. */
  async function judged(ctx: RouterContext, situation: Situation, check: string): Promise<FaceResult> {
    const place = facePool.enter()
    if (!place) return ended('busy')
    try {
      const result = await limits.alone(situation.who, async () => {
        const frames = await receiveFrames(ctx)
        // what was cut off or is no capture has used up its challenge: else one challenge holds a place again and again
        const evidence = { kind: 'frames', frames: frames ?? [] } as const
        return checks.complete(check, situation, evidence, actorOf(ctx))
      })
      return result ?? ended('busy')
    } finally {
      place.leave()
    }
  }

  router.post('/done', async (ctx) => {
    const situation = await situationOf(ctx)
    if (!situation) return
    if (!(await checks.takePassed(requestOf(ctx).form['check'] ?? '', situation))) {
      throw new Refusal('login_expired', 'no face was verified here')
    }
    await situation.passed()
  })

  // where a vendor sends the browser back to
  router.get('/return', async (ctx) => {
    const situation = await situationOf(ctx)
    if (!situation) return
    const parameters = Object.fromEntries(
      Object.entries(ctx.query).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    )
    const { check = '' } = parameters
    const result =
      (await limits.alone(situation.who, () =>
        checks.complete(check, situation, { kind: 'return', parameters }, actorOf(ctx)),
      )) ?? ended('busy')
    if (result.outcome === 'passed' && (await checks.takePassed(check, situation))) {
      await situation.passed()
      return
    }
    const { base, elsewhere } = situation
    await situation.show('face/result', { base, elsewhere, csrf: requestOf(ctx).csrf(), told: told(result) })
  })
}
