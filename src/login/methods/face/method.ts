import type { Attempt } from '../../attempt.ts'
import { isDirect } from '../../../assurance/levels.ts'
import type { SignedIn } from '../../method.ts'
import type { CreateMethod } from '../../method-services.ts'
import { servingIn } from '../../../proofing/face/choose-verifier.ts'
import type { FacePurpose } from '../../../proofing/face/face-verifier.ts'
import { faceEnrolment } from './enrolment.ts'
import { kioskRoutes, isKiosk } from './kiosk.ts'
import { createFaceLimits } from './face-limits.ts'
import { name } from './face-deps.ts'
import { nativeRoutes } from './native.ts'
import { faceRoutes } from './face-routes.ts'
import { inLogin, mayProve } from './in-login.ts'
import { faceRecovery } from './recovery.ts'

/**
 * 刷脸: a verified face raises a sign-in to level 4, proves an account, and at a kiosk signs in with an identifier. A face is never
 * required: every page here leads on without one (Measures for face recognition, in force 2025-06-01, art. 10).
 */
export const createMethod: CreateMethod = (given) => {
  const { settings, faceVerifiers, persons, methodLocks } = given
  const limits = createFaceLimits({ ...given, failures: settings.methods.face.failures })
  const deps = { ...given, limits }

  /** A face raises a proven person to level 4, and proves an account whose name and number the register has. */
  async function raises(attempt: Attempt, userAgent: string): Promise<boolean> {
    const { needed, session } = attempt
    const serves = (purpose: FacePurpose) => servingIn(faceVerifiers(purpose), userAgent) !== undefined
    if (!session || session.amr.includes('face') || (await methodLocks.locked(session.personId, name))) return false
    const person = await persons.find(session.personId)
    if (!person) return false
    if (person.identityLevel < 3) return serves('proofing') && mayProve(attempt)
    return needed === 4 && serves('step-up')
  }

  /** A face shows that an account of level 3 by the rule before is the person's. */
  async function showsPossession({ personId, amr }: SignedIn): Promise<boolean> {
    return faceVerifiers('proofing') !== undefined && isDirect(amr) && !(await methodLocks.locked(personId, name))
  }

  return {
    name,
    offered: (attempt) => isKiosk(deps, attempt),
    atKiosk: (attempt) => isKiosk(deps, attempt),
    raises,
    showsPossession,
    routes(router, host) {
      kioskRoutes(router, host, deps)
      faceRoutes(router, deps, (ctx) => inLogin(ctx, host, deps))
    },
    api: (router) => nativeRoutes(router, deps),
    enrolment: faceEnrolment(deps),
    recovery: faceRecovery(deps),
  }
}
