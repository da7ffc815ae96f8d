import { z } from 'zod'
import { listOf, optionalPath, parseSettings, whole, type SettingTexts } from '../setting-types.ts'

/** Face vendors. src/proofing/face/vendors/vendors.ts has the implementation of each. */
export const faceVendors = ['tencent', 'alibaba', 'webhook', 'wechat', 'alipay'] as const

export type FaceVendor = (typeof faceVendors)[number]

const faceVerifiers = ['local', ...faceVendors] as const

/** `none`, or names: of several, the first that serves a browser verifies there. */
const verifiersOf = <Name extends string>(names: readonly Name[], error: string) =>
  z
    .string()
    .transform((value) => (value.trim() === 'none' ? [] : value.split(',').map((name) => name.trim())))
    .pipe(z.array(z.enum(names, { error })))

const verifiers = verifiersOf(faceVerifiers, `must be a list of ${[...faceVerifiers, 'none'].join(', ')}`)

/** A vendor needs the name first, so its page would show that the account exists. */
const localOnly = verifiersOf(['local'], 'must be local or none')

const schema = z.object({
  YIDENG_FACE_PROOFING: verifiers,
  YIDENG_FACE_STEP_UP: verifiers,
  YIDENG_FACE_LOGIN: localOnly,
  YIDENG_FACE_RECOVERY: localOnly,
  YIDENG_FACE_ACCEPTED: z
    .string()
    .transform(listOf)
    .pipe(z.array(z.enum(faceVerifiers, { error: `must be a list of ${faceVerifiers.join(', ')}` }))),
  YIDENG_FACE_VENDORS: optionalPath,
  YIDENG_FACE_THREADS: whole(1, 64),
  YIDENG_FACE_QUEUE: whole(0, 1000),
})

/** Face verification: the verifier of each purpose, and the limits of the local engine. */
export function faceSettings(texts: SettingTexts, production: boolean) {
  const parsed = parseSettings(schema, texts)
  return {
    verifiers: {
      proofing: parsed.YIDENG_FACE_PROOFING,
      'step-up': parsed.YIDENG_FACE_STEP_UP,
      login: parsed.YIDENG_FACE_LOGIN,
      recovery: parsed.YIDENG_FACE_RECOVERY,
    },
    /** Outside production every verifier is accepted. */
    accepted: production ? parsed.YIDENG_FACE_ACCEPTED : [...faceVerifiers],
    vendorsFile: parsed.YIDENG_FACE_VENDORS,
    threads: parsed.YIDENG_FACE_THREADS,
    queue: parsed.YIDENG_FACE_QUEUE,
  }
}
