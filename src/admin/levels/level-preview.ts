import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { levelReached, readLevels, type Levels } from '../../assurance/levels.ts'
import type { Back } from '../house.ts'

/** What would become of one portal's sign-ins. */
export interface PortalPreview {
  client_id: string
  name: string
  sign_ins: number
  /** Reached another level by the changed table. */
  rise: number
  fall: number
  /** Let in now, and asked for more (or refused) then. */
  kept_out: number
}

export interface LevelPreview {
  days: number
  /** Those that the change touches. */
  portals: PortalPreview[]
  /** Sign-ins of before the trail kept what a level is decided by. */
  undecidable: number
}

const days = 30
const dayMs = 86_400_000
const rowsAtOnce = 5000

const level = z.union([z.literal(2), z.literal(3), z.literal(4)])
/** What `login.succeeded` keeps (src/login/host.ts). */
const decided = z.object({
  level,
  identity: z.number(),
  amr: z.array(z.string()),
  bound: z.boolean(),
  proofDays: z.number(),
  held: z.boolean(),
  vouched: level.optional(),
})

/** @throws Error of the file system, SyntaxError, ZodError */
export const readTable = (file: string): Levels => readLevels(readFileSync(file, 'utf8'))

/**
 * Decides the sign-ins of the last 30 days again: by a changed table of levels, for a portal that asks for another level, or
 * both. Each is taken as it was: how well the person was proven then, by what they signed in.
 */
export async function previewLevels(
  { database, clients, clock }: Back,
  change: { table?: Levels | undefined; clientId?: string | undefined; minLevel?: number | undefined },
): Promise<LevelPreview> {
  const known = new Map((await clients.list()).map((client) => [client.id, client]))
  const found = new Map<string, PortalPreview>()
  let undecidable = 0
  let after = 0
  for (;;) {
    const rows = await database
      .selectFrom('audit_events')
      .select(['sequence', 'client_id', 'details'])
      .where('event', '=', 'login.succeeded')
      .where('at', '>=', clock() - days * dayMs)
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(rowsAtOnce)
      .execute()
    for (const { client_id: id, details } of rows) {
      const client = id === null ? undefined : known.get(id)
      if (!client || (change.clientId !== undefined && client.id !== change.clientId)) continue
      const read = decided.safeParse(JSON.parse(details))
      if (!read.success) {
        undecidable += 1
        continue
      }
      const { level: before, identity: identityLevel, ...rest } = read.data
      const then = change.table ? levelReached({ identityLevel, ...rest }, change.table) : before
      const needed = change.minLevel ?? client.min_level
      const portal = found.get(client.id) ?? {
        client_id: client.id,
        name: client.name,
        sign_ins: 0,
        rise: 0,
        fall: 0,
        kept_out: 0,
      }
      portal.sign_ins += 1
      if (then > before) portal.rise += 1
      if (then < before) portal.fall += 1
      if (before >= client.min_level && then < needed) portal.kept_out += 1
      found.set(client.id, portal)
    }
    const last = rows.at(-1)
    if (!last || rows.length < rowsAtOnce) break
    after = last.sequence
  }
  const touched = [...found.values()].filter(({ rise, fall, kept_out }) => rise + fall + kept_out > 0)
  return { days, portals: touched.sort((one, other) => other.kept_out - one.kept_out), undecidable }
}
