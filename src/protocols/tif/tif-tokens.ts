import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Artifacts } from '../../storage/artifacts.ts'
import { updateArtifact } from '../../storage/compare-and-set.ts'
import { hashId } from '../../storage/hash-id.ts'
import type { LegacyGrant } from '../redeem.ts'

/** Its own kind: no endpoint but `/tokeninfo` reads it. */
const kind = 'LegacyToken'
/** In seconds, as old portals expect. */
export const tokenSeconds = 179
const mostUses = 5

const schema = z.object({
  uses: z.number(),
  grant: z.object({
    clientId: z.string(),
    personId: z.string(),
    grantId: z.string(),
    scope: z.string(),
    acr: z.string().optional(),
    amr: z.array(z.string()),
    authTime: z.number(),
    sessionUid: z.string().optional(),
  }),
})

/** Keeps the sign-in behind a new token. The store has only the hash of the token, and no personal data. */
export async function keepToken(artifacts: Artifacts, grant: LegacyGrant): Promise<string> {
  const token = randomUUID()
  const value = JSON.stringify({ uses: 0, grant } satisfies z.input<typeof schema>)
  await artifacts.put(kind, hashId(token), value, { ttl: tokenSeconds, group: grant.grantId })
  return token
}

/** The sign-in behind a token; this use is not counted. */
export async function findToken(artifacts: Artifacts, token: string): Promise<LegacyGrant | undefined> {
  const text = await artifacts.get(kind, hashId(token))
  return text === undefined ? undefined : schema.parse(JSON.parse(text)).grant
}

/** Counts one use. False when the token has been used up, or was removed. */
export const useToken = (artifacts: Artifacts, token: string): Promise<boolean> =>
  updateArtifact(artifacts, { kind, id: hashId(token) }, (before) => {
    const kept = before === undefined ? undefined : schema.parse(JSON.parse(before))
    if (!kept || kept.uses >= mostUses) return { result: false }
    return { value: JSON.stringify({ ...kept, uses: kept.uses + 1 }), result: true }
  })
