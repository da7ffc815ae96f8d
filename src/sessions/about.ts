import { z } from 'zod'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Artifacts } from '../storage/artifacts.ts'

/** The origin of a session: where and how it began. Personal data, so it is sealed in the store. */
const aboutSchema = z.object({
  address: z.string(),
  browser: z.string(),
  deviceKey: z.string(),
  /** Login method of the last sign-in. */
  method: z.string().default(''),
  /** Login methods and authenticators of all its sign-ins. Removing one of them ends the session. */
  methods: z.array(z.string()).default([]),
  authenticators: z.array(z.string()).default([]),
  /** Each sign-in of this session, by its id in the audit log. Signing in again adds one. */
  signIns: z.array(z.string()).default([]),
})

export type SessionAbout = z.infer<typeof aboutSchema>

/** A removed method, one removed authenticator of it, or a method with a sign-in that was not the owner's. */
export interface Taken {
  method: string
  authenticator?: string
  signIn?: string
}

/** Whether a session depends on the removed method or authenticator. A session of unknown origin does. */
export function dependsOn(about: SessionAbout | undefined, { method, authenticator, signIn }: Taken): boolean {
  if (!about || (signIn !== undefined && about.signIns.includes(signIn))) return true
  // sessions of an earlier version store their last method only
  const { methods, authenticators } = about.methods.length > 0 ? about : { ...about, methods: [about.method] }
  if (!methods.includes(method)) return false
  return authenticator === undefined || authenticators.length === 0 || authenticators.includes(authenticator)
}

export interface AboutDeps {
  artifacts: Artifacts
  cipher: FieldCipher
  /** Seconds. The longest time that a session can live. */
  lifetime: number
}

const kind = 'SessionAbout'
const aad = (uid: string) => `SessionAbout:${uid}`

export async function putAbout(deps: AboutDeps, uid: string, about: SessionAbout): Promise<void> {
  const sealed = deps.cipher.seal(JSON.stringify(about), aad(uid))
  await deps.artifacts.put(kind, uid, sealed, { ttl: deps.lifetime })
}

export async function findAbout({ artifacts, cipher }: AboutDeps, uid: string): Promise<SessionAbout | undefined> {
  const sealed = await artifacts.get(kind, uid)
  return sealed === undefined ? undefined : aboutSchema.parse(JSON.parse(cipher.open(sealed, aad(uid))))
}

export const removeAbout = ({ artifacts }: Pick<AboutDeps, 'artifacts'>, uid: string): Promise<void> =>
  artifacts.remove(kind, uid)
