import { z } from 'zod'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Artifacts } from '../storage/artifacts.ts'

/** The origin of a session: where and how it began. Personal data, so it is sealed in the store. */
const originSchema = z.object({
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
  /** The upstream of the last sign-in by one, with its ID token for the sign-out there. */
  upstream: z.object({ id: z.string(), idToken: z.string().optional() }).optional(),
})

export type SessionOrigin = z.infer<typeof originSchema>

/** A removed method, one removed authenticator of it, or a method with a sign-in that was not the owner's. */
export interface Taken {
  method: string
  authenticator?: string
  signIn?: string
}

/** Whether a session depends on the removed method or authenticator. A session of unknown origin does. */
export function dependsOn(origin: SessionOrigin | undefined, { method, authenticator, signIn }: Taken): boolean {
  if (!origin || (signIn !== undefined && origin.signIns.includes(signIn))) return true
  // sessions of an earlier version store their last method only
  const { methods, authenticators } = origin.methods.length > 0 ? origin : { ...origin, methods: [origin.method] }
  if (!methods.includes(method)) return false
  return authenticator === undefined || authenticators.length === 0 || authenticators.includes(authenticator)
}

export interface SessionOriginDeps {
  artifacts: Artifacts
  cipher: FieldCipher
  /** Seconds. The longest time that a session can live. */
  lifetime: number
}

/** The stored name, of an earlier version. */
const kind = 'SessionAbout'
const aad = (uid: string) => `SessionAbout:${uid}`

export async function putOrigin(deps: SessionOriginDeps, uid: string, origin: SessionOrigin): Promise<void> {
  const sealed = deps.cipher.seal(JSON.stringify(origin), aad(uid))
  await deps.artifacts.put(kind, uid, sealed, { ttl: deps.lifetime })
}

export async function findOrigin(
  { artifacts, cipher }: SessionOriginDeps,
  uid: string,
): Promise<SessionOrigin | undefined> {
  const sealed = await artifacts.get(kind, uid)
  return sealed === undefined ? undefined : originSchema.parse(JSON.parse(cipher.open(sealed, aad(uid))))
}

export const removeOrigin = ({ artifacts }: Pick<SessionOriginDeps, 'artifacts'>, uid: string): Promise<void> =>
  artifacts.remove(kind, uid)
