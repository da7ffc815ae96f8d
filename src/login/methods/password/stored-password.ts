import { z } from 'zod'
import type { Authenticator, NewAuthenticator } from '../../../accounts/authenticators.ts'

const stored = z.object({ hash: z.string() })

/** A password as an authenticator of its account; `hash` is an argon2id string (PHC format). */
export const passwordAuthenticator = (hash: string): NewAuthenticator => ({
  kind: 'password',
  data: JSON.stringify({ hash }),
})

/** @throws SyntaxError, ZodError for data that no version wrote */
export const hashOf = ({ data }: Pick<Authenticator, 'data'>): string => stored.parse(JSON.parse(data)).hash
