import type { CreateMethod } from '../../method-services.ts'
import { apiRoutes } from './api.ts'
import { createApprovals } from './approval.ts'
import { createBrowserKeys } from './browser-key.ts'
import { computerRoutes } from './computer/computer-routes.ts'
import { qrEnrolment } from './enrolment.ts'
import { createFrames, frameKeysOf } from './code-frames.ts'
import { createQrLimits } from './qr-limits.ts'
import { listedRegions } from '../../../config/networks.ts'
import { miniProgramRoutes } from './mini-program.ts'
import { name } from './qr-deps.ts'
import { phoneRoutes } from './phone/phone-routes.ts'
import { signInFirst } from './phone/sign-in-first.ts'
import { createQrTransactions } from './transactions.ts'

/**
 * Sign-in by QR code (DESIGN 2.4): a computer waits, a phone that is signed in decides. A stolen picture is worthless after four
 * seconds. What the phone shows, and the four digits, limit a live relay (docs/qr-login.md).
 */
export const createMethod: CreateMethod = (given) => {
  const { settings, artifacts, events, blindIndex, clock, cookieKeys } = given
  const regionOf = listedRegions()
  const longest = Object.values(settings.methods.qr.times).reduce((sum, seconds) => sum + seconds, 0)
  const deps = {
    ...given,
    frames: createFrames(frameKeysOf(cookieKeys, longest * 1000)),
    transactions: createQrTransactions({ artifacts, publish: events.publish, clock, times: settings.methods.qr.times }),
    limits: createQrLimits({ artifacts, blindIndex, numbers: settings.methods.qr, clock }),
    keys: createBrowserKeys(settings.issuer.startsWith('https:')),
    regionOf,
    approvals: createApprovals({ ...given, regionOf }),
  }
  const ownReturn = `${settings.issuer}/account/return`

  return {
    name,
    offered: ({ params }) => !(params['redirect_uri'] === ownReturn && cannotBeScanned(params)),
    purpose: (ctx, attempt) => signInFirst(deps, ctx, attempt),
    part: async () => ({
      scripts: ['qr.js'],
      hideSeconds: settings.methods.qr.hideSeconds,
      shownSeconds: settings.methods.qr.times.shown,
    }),
    routes: (router, host) => computerRoutes(router, { ...deps, host }),
    pages: (router, centre) => phoneRoutes(router, { ...deps, centre }),
    api(router) {
      apiRoutes(router, deps)
      miniProgramRoutes(router, deps)
    },
    enrolment: qrEnrolment(deps),
  }
}

/**
 * Sign-ins that a QR code cannot answer. A phone that signs in to scan has no other phone. Pages that ask for a fresh sign-in
 * change things that a session by QR code may not change.
 */
function cannotBeScanned({ state, max_age: maxAge }: Record<string, unknown>): boolean {
  return String(state).startsWith('/q/') || maxAge !== undefined
}
