import { z } from 'zod'
import type { Authenticator } from '../../../accounts/authenticators.ts'
import type { FieldCipher } from '../../../keys/field-cipher.ts'
import { suiteNames, type TokenClock, type TokenSpec } from './suites.ts'

/** A token as an authenticator stores it. */
const schema = z.object({
  suite: z.enum(suiteNames),
  digits: z.number(),
  period: z.number(),
  /** The secret in base64, sealed. */
  secret: z.string(),
  /** Last four characters of a hardware token's serial number; empty for an app. */
  serialEnd: z.string(),
  used: z.number(),
  drift: z.number(),
})

type StoredToken = z.infer<typeof schema>

/** The aad of a token's secret (see FieldCipher). */
const secretAad = (authenticatorId: string) => `authenticators.data:${authenticatorId}`

export const readToken = ({ data }: Pick<Authenticator, 'data'>): StoredToken => schema.parse(JSON.parse(data))

/** The data of the authenticator with this id. */
export function tokenData(
  cipher: FieldCipher,
  id: string,
  { secret, ...token }: TokenSpec & TokenClock & { secret: Buffer; serialEnd: string },
): string {
  const sealed = cipher.seal(secret.toString('base64'), secretAad(id))
  return JSON.stringify({ ...token, secret: sealed } satisfies StoredToken)
}

/** The same token after a code. */
export const withClock = (authenticator: Authenticator, { used, drift }: TokenClock): string =>
  JSON.stringify({ ...readToken(authenticator), used, drift } satisfies StoredToken)

export const secretOf = (cipher: FieldCipher, authenticator: Authenticator): Buffer =>
  Buffer.from(cipher.open(readToken(authenticator).secret, secretAad(authenticator.id)), 'base64')
