import { perNetwork } from '../../../guards/network-limit.ts'
import { pathOf } from '../../attempt.ts'
import type { CreateMethod } from '../../method-services.ts'
import type { LoginHost } from '../../method.ts'
import { callbackRoute, createPosted, postedRoute } from './callback.ts'
import { countLinks, upstreamEnrolment } from './enrolment.ts'
import { foundRoute } from './found.ts'
import { newcomerRoutes } from './newcomer.ts'
import { answerRoute, upstreamOffer } from './offer.ts'
import { createProofs } from './proofs.ts'
import { shownHere } from './shown-here.ts'
import { signInPart } from './sign-in-part.ts'
import { startRoute } from './start.ts'
import { createSteps, waitingStates } from './steps.ts'
import { straightOn } from './straight.ts'
import { name } from './upstream-deps.ts'

/** Sign-in by the accounts of existing systems (DESIGN 1.7). The list of them may change while the server runs. */
export const createMethod: CreateMethod = (services) => {
  const { upstreams, settings } = services
  // without a file there is no upstream, and none comes while the server runs
  if (!settings.upstreams.file) return undefined
  const deps = {
    ...services,
    steps: createSteps(services),
    waiting: waitingStates(settings.issuer.startsWith('https:')),
    proofs: createProofs(services),
    posted: createPosted(services),
    opened: perNetwork(services, { name: 'registrations', most: settings.limits.addressRegistrations, seconds: 3600 }),
  }
  let loginHost: LoginHost | undefined
  const hostOf = () => {
    if (!loginHost) throw new Error('the routes of the login come first')
    return loginHost
  }
  return {
    name,
    offered: (attempt) => shownHere(upstreams.list(), attempt).length > 0,
    ...signInPart(deps),
    ...straightOn(deps),
    async note(_ctx, attempt) {
      const proof = await deps.proofs.read(attempt.id)
      const known = proof && upstreams.client(proof.upstream)?.upstream
      return known ? { name, upstream: known.name, href: pathOf(attempt, `${name}/new`) } : undefined
    },
    routes(router, host) {
      loginHost = host
      answerRoute(router, host, deps)
      foundRoute(router, host, deps)
      newcomerRoutes(router, host, deps)
      startRoute(router, host, deps)
    },
    pages: (router) => callbackRoute(router, hostOf, deps),
    api: (router) => postedRoute(router, deps),
    offer: upstreamOffer(deps),
    enrolment: upstreamEnrolment(deps),
    ownWays: (personId) => countLinks(deps, personId),
  }
}
