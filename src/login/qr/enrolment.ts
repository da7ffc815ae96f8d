import { visitOf } from '../../pages/visit.ts'
import { Refusal } from '../../refusal/refusal.ts'
import { actorOf } from '../host.ts'
import type { Enrolment, RouterContext } from '../method.ts'
import { nameBrowser } from '../../pages/browser-name.ts'
import type { QrLimits } from './limits.ts'
import { name, type QrParts } from './parts.ts'

const states = { 'switched-off': 'switched_off', 'not-me': 'not_me_off' } as const

/** 扫码登录 in the account centre: what computers it signed in, "that was not me", and the switch. */
export function qrEnrolment(parts: QrParts & { limits: QrLimits }): Enrolment {
  const { methodLocks, limits, sessions, notifier } = parts

  async function tell(ctx: RouterContext, personId: string, kind: 'method-locked' | 'method-unlocked') {
    await notifier.notify({ personId, kind, details: { method: name }, restricted: actorOf(ctx).restricted })
  }

  async function lock(ctx: RouterContext, personId: string, reason: keyof typeof states) {
    if (await methodLocks.lock(personId, name, reason, actorOf(ctx))) await tell(ctx, personId, 'method-locked')
  }

  /** The computers that are signed in by QR code now. */
  async function signedIn(personId: string) {
    const all = await sessions.list(personId)
    return Promise.all(
      all
        .filter(({ amr }) => amr.includes('qr'))
        .map(async ({ uid, signedInAt }) => ({ uid, signedInAt, about: await sessions.about(uid) })),
    )
  }

  return {
    // a phone that is signed in already is no way in by itself
    count: async () => 0,

    routes(router, centre) {
      router.get('/', async (ctx) => {
        const visit = await centre.visit(ctx)
        if (!visit) return
        const { id } = visit.person
        const off = (await methodLocks.list(id)).find(({ method }) => method === name)
        const computers = await signedIn(id)
        const known = { saved: '', off: '', not_me: '' }
        const { done } = ctx.query
        await centre.show(ctx, visit, 'qr/settings', {
          state: off ? states[off.reason] : (await limits.paused(id)) ? 'paused' : 'on',
          computers: computers.map(({ signedInAt, about }) => ({
            ...nameBrowser(about?.browser ?? ''),
            when: new Date(signedInAt * 1000).toISOString(),
          })),
          done: typeof done === 'string' && done in known ? done : '',
        })
      })

      router.post('/off', async (ctx) => {
        visitOf(ctx).back = `/account/${name}`
        const visit = await centre.visit(ctx)
        if (!visit) return
        const { id } = visit.person
        await lock(ctx, id, 'switched-off')
        ctx.status = 303
        ctx.redirect(`/account/${name}?done=off`)
      })

      // saying that it was somebody else only ever makes the account safer: no fresh sign-in is asked
      router.post('/not-me', async (ctx) => {
        visitOf(ctx).back = `/account/${name}`
        const visit = await centre.visit(ctx)
        if (!visit) return
        const { id } = visit.person
        await lock(ctx, id, 'not-me')
        const strangers = await signedIn(id)
        await Promise.all(strangers.map(({ uid }) => sessions.end(uid)))
        ctx.status = 303
        ctx.redirect(`/account/${name}?done=not_me`)
      })

      router.post('/on', async (ctx) => {
        visitOf(ctx).back = `/account/${name}`
        const visit = await centre.mayChangeAuthenticators(ctx)
        if (!visit) return
        const { id } = visit.person
        if (!(await methodLocks.unlock(id, name, actorOf(ctx)))) throw new Refusal('bad_request', 'it was not off')
        await tell(ctx, id, 'method-unlocked')
        ctx.status = 303
        ctx.redirect(`/account/${name}?done=saved`)
      })
    },
  }
}
