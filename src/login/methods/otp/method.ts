import type { CreateMethod } from '../../method-services.ts'
import { createCheckCode } from './check-code.ts'
import { otpEnrolment } from './enrolment.ts'
import { codeInLogin } from './in-login.ts'
import { name, type OtpDeps } from './otp-deps.ts'

/** 动态口令: asked for after the password of a person who has a token. It is no way to sign in by itself. */
export const createMethod: CreateMethod = (services) => {
  const deps: OtpDeps = { ...services, limits: services.settings.limits }
  return {
    name,
    offered: () => false,
    enrolment: otpEnrolment(deps),
    ...codeInLogin(deps, createCheckCode(deps)),
  }
}
