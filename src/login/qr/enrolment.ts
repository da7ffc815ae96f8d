import { visitOf } from '../../pages/visit.ts'
import { Refusal } from '../../refusal/refusal.ts'
import type { Enrolment, RouterContext } from '../method.ts'
import { nameBrowser } from '../../pages/browser-name.ts'
import type { QrLimits } from './limits.ts'
import { name, type QrParts } from './parts.ts'

const states = { 'switched-off': 'switched_off', 'not-me': 'not_me_off' } as const

/** 扫码登录 in the account centre: what computers it signed in, "that was not me", and the switch. */
export function qrEnrolment(parts: QrParts & { limits: QrLimits }): Enrolment {
  const { methodLocks, limits, sessions, notifier } = parts

  const by = (ctx: RouterContext) => {
    const { address, browser } = visitOf(ctx)
    return { actor: 'person', restricted: { address, browser } }
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
        const lock = (await methodLocks.list(id)).find(({ method }) => method === name)
        const computers = await signedIn(id)
        const known = { saved: '', off: '', not_me: '' }
        const { done } = ctx.query
        await centre.show(ctx, visit, 'qr/settings', {
          state: lock ? states[lock.reason] : (await limits.paused(id)) ? 'paused' : 'on',
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
        if (await methodLocks.lock(id, name, 'switched-off', by(ctx))) {
          await notifier.notify({
            personId: id,
            kind: 'method-locked',
            details: { method: name },
            restricted: by(ctx).restricted,
          })
        }
        ctx.status = 303
        ctx.redirect(`/account/${name}?done=off`)
      })

      // saying that it was somebody else only ever makes the account safer: no fresh sign-in is asked
      router.post('/not-me', async (ctx) => {
        visitOf(ctx).back = `/account/${name}`
        const visit = await centre.visit(ctx)
        if (!visit) return
        const { id } = visit.person
        if (await methodLocks.lock(id, name, 'not-me', by(ctx))) {
          await notifier.notify({
            personId: id,
            kind: 'method-locked',
            details: { method: name },
            restricted: by(ctx).restricted,
          })
        }
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
        if (!(await methodLocks.unlock(id, name, by(ctx)))) throw new Refusal('bad_request', 'it was not off')
        await notifier.notify({
          personId: id,
          kind: 'method-unlocked',
          details: { method: name },
          restricted: by(ctx).restricted,
        })
        ctx.status = 303
        ctx.redirect(`/account/${name}?done=saved`)
      })
    },
  }
}
