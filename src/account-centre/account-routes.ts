import Router from '@koa/router'
import { accountRouter } from '../login/account-router.ts'
import type { AccountHost, LoginMethod } from '../login/method.ts'
import { ownPath } from '../pages/own-path.ts'
import { createAccountHost, type AccountHostDeps } from './account-host.ts'
import { menuPages, rooms, type RoomDeps } from './rooms.ts'

export type AccountRoutesDeps = Omit<AccountHostDeps, 'menuPages'> &
  Omit<RoomDeps, 'centre'> & { methods: readonly LoginMethod[] }

/** A person's own pages, under /account. */
export function accountRoutes(router: Router, deps: AccountRoutesDeps): void {
  const centre = createAccountHost({ ...deps, menuPages })
  // a sign-in for the account centre returns here: `state` is the path of the page it was for
  router.get('/account/return', (ctx) => {
    const { state = '/account', error } = ctx.query
    const target = ownPath(state)
    // a person who scanned a QR code and would not sign in is not asked to sign in again
    if (target.startsWith('/q/scan/')) ctx.redirect(error === undefined ? target : `${target}?back=1`)
    else ctx.redirect(target === '/account' || target.startsWith('/account/') ? target : '/account')
  })
  const rooted = accountRouter(router, centre)
  for (const room of rooms) room.routes(rooted, { ...deps, centre })
  for (const method of deps.methods) {
    mountEnrolment(router, centre, method)
    method.pages?.(router, centre)
  }
}

function mountEnrolment(router: Router, centre: AccountHost, { name, enrolment }: LoginMethod): void {
  if (!enrolment) return
  const room = new Router({ prefix: `/account/${name}`, sensitive: true })
  enrolment.routes(room, centre)
  router.use(room.routes())
}
