import { nameBrowser } from '../../../pages/browser-name.ts'
import type { Enrolment } from '../../method.ts'
import type { QrLimits } from './qr-limits.ts'
import { name, type QrDeps } from './qr-deps.ts'

/** 扫码登录 in the account centre: the computers that it signed in. Its switch is on the page of all login methods. */
export function qrEnrolment(deps: QrDeps & { limits: QrLimits }): Enrolment {
  const { methodLocks, limits, sessions } = deps

  /** The computers that are signed in by QR code now. */
  async function signedIn(personId: string) {
    const all = await sessions.listWithOrigins(personId)
    return all
      .filter(({ amr }) => amr.includes(name))
      .map(({ origin, signedInAt }) => ({ ...nameBrowser(origin?.browser ?? ''), at: signedInAt * 1000 }))
  }

  return {
    routes(router, centre) {
      router.get('/', async (ctx) => {
        const account = await centre.enter(ctx)
        if (!account) return
        const { id } = account.person
        const off = await methodLocks.locked(id, name)
        await centre.show(ctx, account, 'qr/settings', {
          state: off ? 'off' : (await limits.paused(id)) ? 'paused' : 'on',
          computers: await signedIn(id),
        })
      })
    },
  }
}
