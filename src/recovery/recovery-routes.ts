import type { Devices } from '../accounts/devices.ts'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import { createAccountTries } from '../guards/account-tries.ts'
import { perNetwork } from '../guards/network-limit.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { LoginMethod, Router } from '../login/method.ts'
import { showPage } from '../pages/request-context.ts'
import { backTo, recoverByCode, showChoices, showCodeForm, type ByCodeDeps } from './by-code.ts'
import { recoverByLink, type ByLinkDeps } from './by-link.ts'
import { openStopLink, showStop, stopByLink, stoppedPage, type ByStopDeps } from './by-stop.ts'
import { name as textWay, textRecovery, type ByTextDeps } from './by-text.ts'
import { boundWays, recoveryWays } from './ways.ts'
import { choosePassword, showDone, showPasswordForm, type ChoosePasswordDeps } from './choose-password.ts'

export type RecoveryDeps = Omit<
  ByCodeDeps & ByLinkDeps & ByStopDeps & ByTextDeps & ChoosePasswordDeps,
  'tries' | 'passwordTries' | 'links'
> & {
  blindIndex: BlindIndex
  devices: Devices
  limits: Settings['limits']
  clock: Clock
  methods: readonly LoginMethod[]
}

const linkWindowSeconds = 600

/** 忘记密码, recovery of an account: a recovery code or an administrator's link permits a new password. */
export function recoveryRoutes(router: Router, deps: RecoveryDeps): void {
  const own = {
    ...deps,
    tries: createAccountTries({ ...deps, kind: 'recovery-tries' }),
    passwordTries: createAccountTries({ ...deps, kind: 'password-tries' }),
    links: perNetwork(deps, { name: 'recovery-links', most: deps.limits.addressTries, seconds: linkWindowSeconds }),
  }
  const ways = recoveryWays(router, { ...own, own: [{ name: textWay, icon: 'phone', recovery: textRecovery(own) }] })
  const bound = boundWays(deps.methods)
  router.get('/recover', (ctx) => showChoices({ ...own, ways, bound }, ctx, backTo(ctx.query['back'])))
  router.get('/recover/code', (ctx) => showCodeForm(own, ctx, backTo(ctx.query['back'])))
  router.post('/recover/code', (ctx) => recoverByCode(own, ctx))
  router.get('/recover/new-password', (ctx) => showPasswordForm(own, ctx))
  router.post('/recover/new-password', (ctx) => choosePassword(own, ctx))
  router.get('/recover/done', (ctx) => showDone(own, ctx))
  router.get('/recover/stop', (ctx) => showStop(own, ctx))
  router.post('/recover/stop', (ctx) => stopByLink(own, ctx))
  router.get(stoppedPage, (ctx) => showPage(ctx, 'recover/stopped', {}))
  router.get('/recover/stop/:token', (ctx) => openStopLink(own, ctx))
  router.get('/recover/:token', (ctx) => recoverByLink(own, ctx))
}
