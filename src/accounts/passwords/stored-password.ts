import { z } from 'zod'
import type { FieldCipher } from '../../keys/field-cipher.ts'
import type { Authenticator, NewAuthenticator } from '../authenticators.ts'

/** The kind of authenticator that a password is. */
export const passwordKind = 'password'

const stored = z.union([z.object({ hash: z.string() }), z.object({ sealed: z.string() })])

const sealedAad = (id: string) => `authenticators.data:${id}`

/** A password as an authenticator of its account; `hash` is an argon2id string (PHC format), or a wrapped legacy hash. */
export const passwordAuthenticator = (hash: string): NewAuthenticator => ({
  kind: passwordKind,
  data: JSON.stringify({ hash }),
})

/** The data of an imported password: its legacy hash rests sealed until it is wrapped (jobs/legacy-passwords.ts). */
export const sealedPasswordData = (cipher: FieldCipher, id: string, hash: string): string =>
  JSON.stringify({ sealed: cipher.seal(hash, sealedAad(id)) })

/** @throws SyntaxError, ZodError for data that no version wrote; Error for a sealed hash of another row */
export function hashOf({ id, data }: Pick<Authenticator, 'id' | 'data'>, cipher: Pick<FieldCipher, 'open'>): string {
  const read = stored.parse(JSON.parse(data))
  return 'hash' in read ? read.hash : cipher.open(read.sealed, sealedAad(id))
}
