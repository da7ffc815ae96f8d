import { requestOf } from '../../../pages/request-context.ts'
import type { CreateMethod } from '../../method-services.ts'
import { openAuthorities } from './authorities.ts'
import { name } from './certificate-deps.ts'
import { createChallenges } from './challenge.ts'
import { certificateEnrolment } from './enrolment.ts'
import { answerRoute, certificateOffer } from './offer.ts'
import { createProofs } from './proofs.ts'
import { createRevocation } from './revocation.ts'
import { mayUse, purposeOf, signInRoute } from './sign-in.ts'

/** Sign-in by certificate (docs/certificates.md). Undefined where the settings name no CAs. */
export const createMethod: CreateMethod = (services) => {
  const { settings, signatureServer, clock } = services
  const { file } = settings.methods[name]
  if (!file) return undefined
  const authorities = openAuthorities(file, settings, clock)
  const list = () => authorities.now().list
  const revocation = createRevocation({ clock, signatureServer, pathOf: authorities.pathOf })
  const deps = {
    ...services,
    challenges: createChallenges({ ...services, issuer: settings.issuer }),
    proofs: createProofs(services),
    identifies: { list, revocation, signatureServer, clock },
  }
  return {
    name,
    // a certificate without a binding needs another way first
    offered: async (attempt) =>
      list().some((ca) => mayUse(ca, attempt)) && (await deps.proofs.read(attempt.id)) === undefined,
    async part(ctx, attempt) {
      const { agent } = authorities.now()
      if (agent) requestOf(ctx).connectTargets.push(agent)
      return {
        scripts: agent ? ['certificate.js'] : [],
        agent: agent ?? '',
        cas: list()
          .filter((ca) => mayUse(ca, attempt))
          .map((ca) => ca.name),
        ...deps.challenges.issue(purposeOf(attempt)),
      }
    },
    async note(_ctx, attempt) {
      const identity = await deps.proofs.read(attempt.id)
      const ca = identity && list().find(({ id }) => id === identity.ca)
      return ca ? { name, ca: ca.name } : undefined
    },
    routes(router, host) {
      answerRoute(router, host, deps)
      signInRoute(router, host, deps)
    },
    offer: certificateOffer(deps),
    enrolment: certificateEnrolment(deps),
  }
}
