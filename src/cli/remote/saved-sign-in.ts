import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

const jwk = z.looseObject({ kty: z.literal('EC'), crv: z.string(), x: z.string(), y: z.string() })

const schema = z.object({
  server: z.string(),
  accessToken: z.string(),
  refreshToken: z.string().optional(),
  /** Milliseconds since 1970 UTC. */
  expiresAt: z.number(),
  /** The tokens are bound to this key (DPoP, RFC 9449). */
  privateKey: jwk.extend({ d: z.string() }),
  publicKey: jwk,
})

/** The stored sign-in at one server. */
export type SavedSignIn = z.infer<typeof schema>

/** Stores sign-ins in the user's settings folder (XDG Base Directory), one private file for each server. */
export function savedSignIn(environment: Record<string, string | undefined>, server: string) {
  const home = environment['XDG_CONFIG_HOME'] || join(environment['HOME'] || homedir(), '.config')
  const folder = join(home, 'yideng')
  const { protocol, host } = new URL(server)
  const file = join(folder, `${protocol}${host}.json`.replaceAll(/[^\w.-]/g, '_'))

  return {
    file,
    read(): SavedSignIn | undefined {
      let text: string
      try {
        text = readFileSync(file, 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
      const found = schema.safeParse(parsed(text))
      return found.success && found.data.server === server ? found.data : undefined
    },
    write(signIn: SavedSignIn): void {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      // rename is atomic: two commands may write at the same time
      const draft = `${file}.${randomUUID()}`
      writeFileSync(draft, JSON.stringify(signIn), { mode: 0o600, flag: 'wx' })
      renameSync(draft, file)
    },
    forget: () => rmSync(file, { force: true }),
  }
}

/** Undefined for a damaged file: the person signs in again. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
