import type { MethodDeclaration } from './config/method-declaration.ts'
import { certificate } from './login/methods/certificate/declaration.ts'
import { channel } from './login/methods/channel/declaration.ts'
import { face } from './login/methods/face/declaration.ts'
import { otp } from './login/methods/otp/declaration.ts'
import { passkey } from './login/methods/passkey/declaration.ts'
import { password } from './login/methods/password/declaration.ts'
import { qr } from './login/methods/qr/declaration.ts'
import { sms } from './login/methods/sms/declaration.ts'
import { upstream } from './login/methods/upstream/declaration.ts'

/** The login methods, in the order of the sign-in page. A new one is its folder in src/login/methods and one entry here. */
export const loginMethods = [channel, passkey, password, otp, qr, sms, face, certificate, upstream] as const

export type LoginMethodDeclaration = (typeof loginMethods)[number]

/** True for a method whose authenticators are on the person's own devices: a passkey. */
export const isOfOwnDevice = (name: string): boolean =>
  loginMethods.some((method) => method.name === name && method.bindsToFace)

type Table = 'refusals' | 'auditEvents' | 'notices' | 'budgets' | 'topics' | 'browserFiles'

/** The keys of one table, of all methods. */
export type DeclaredKey<T extends Table> = {
  [M in LoginMethodDeclaration as M['name']]: Extract<keyof M[T], string>
}[LoginMethodDeclaration['name']]

/** One table of all methods. */
export function declared<T extends Table>(table: T): Readonly<Record<DeclaredKey<T>, MethodDeclaration[T][string]>> {
  return Object.assign({}, ...loginMethods.map((method) => method[table]))
}
