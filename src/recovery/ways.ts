import Router from '@koa/router'
import type { LoginMethod, RecoveryHost, RecoveryWay } from '../login/method.ts'
import { redirectTo } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { loginMethods } from '../login-methods.ts'
import { backTo, type ShownWay } from './by-code.ts'
import { beginState, readRecovery, storeRecovery, type RecoveryStateDeps } from './recovery-state.ts'

/** A way that is no login method's. */
interface NamedWay extends ShownWay {
  recovery: RecoveryWay
}

/**
 * Adds the routes of every login method that recovers, and of the ways of our own.
 * @returns those that this installation has, for every visitor the same
 */
export function recoveryWays(
  router: Router,
  deps: RecoveryStateDeps & { methods: readonly LoginMethod[]; own: readonly NamedWay[] },
): ShownWay[] {
  const host = recoveryHost(deps)
  const icons = new Map<string, string>(loginMethods.map(({ name, signIn }) => [name, signIn.icon]))
  const ofMethods = deps.methods.flatMap(({ name, recovery }) =>
    recovery ? [{ name, icon: icons.get(name) ?? 'right', recovery }] : [],
  )
  const having = [...ofMethods, ...deps.own]
  for (const { name, recovery } of having) {
    const room = new Router({ prefix: `/recover/${name}`, sensitive: true })
    recovery.routes(room, host)
    router.use(room.routes())
  }
  const offered = having.filter(({ recovery }) => recovery.offered())
  return offered.map(({ name, icon }) => ({ name, icon }))
}

/** The login methods here by which a bound account or certificate signs in: the password is not needed. */
export const boundWays = (methods: readonly Pick<LoginMethod, 'name'>[]): ShownWay[] =>
  loginMethods
    .filter((method) => 'origin' in method || 'byLinks' in method)
    .filter(({ name }) => methods.some((one) => one.name === name))
    .map(({ name, signIn }) => ({ name, icon: signIn.icon }))

function recoveryHost(deps: RecoveryStateDeps): RecoveryHost {
  return {
    backTo,
    async claim(ctx, claim) {
      const holder = await beginState(deps, ctx, { claim, heldUntil: null, back: claim.back })
      return { ...claim, holder }
    },
    async claimed(ctx, way) {
      requestOf(ctx).returnTo = '/recover'
      const { id, claim } = await readRecovery(deps, ctx)
      if (claim?.way !== way) throw new Refusal('recovery_gone', `nothing was typed for ${way}`)
      return { ...claim, holder: id }
    },
    keep: ({ holder, ...claim }) => storeRecovery(deps, holder, { claim, heldUntil: null, back: claim.back }),
    // under the cookie of the claim: with another one, the same form sent twice would go nowhere (http/same-form.ts)
    async proven(ctx, { holder, who: personId, epoch, back }, by) {
      const pass = { personId, by, key: String(epoch) }
      await storeRecovery(deps, holder, { pass, heldUntil: null, back })
      redirectTo(ctx, '/recover/new-password')
    },
  }
}
