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
  /** The tokens are worth nothing without it (DPoP, RFC 9449). */
  privateKey: jwk.extend({ d: z.string() }),
  publicKey: jwk,
})

/** What the command line keeps of a sign-in at one server. */
export type SignIn = z.infer<typeof schema>

/** A file for each server, for its owner alone, in the user's folder for settings (XDG Base Directory). */
export function savedSignIn(environment: Record<string, string | undefined>, server: string) {
  const home = environment['XDG_CONFIG_HOME'] || join(environment['HOME'] || homedir(), '.config')
  const folder = join(home, 'yideng')
  const { protocol, host } = new URL(server)
  const file = join(folder, `${protocol}${host}.json`.replaceAll(/[^\w.-]/g, '_'))

  return {
    file,
    read(): SignIn | undefined {
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
    write(signIn: SignIn): void {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      // whole or not at all, also when two commands run at once
      const draft = `${file}.${randomUUID()}`
      writeFileSync(draft, JSON.stringify(signIn), { mode: 0o600, flag: 'wx' })
      renameSync(draft, file)
    },
    forget: () => rmSync(file, { force: true }),
  }
}

/** What is not JSON is as good as nothing: one signs in again. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
