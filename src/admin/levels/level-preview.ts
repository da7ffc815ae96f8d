import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { dayMs } from '../../config/time.ts'
import { levelReached, readLevels, type Levels } from '../../assurance/levels.ts'
import type { Client } from '../../clients/clients.ts'
import type { Services } from '../../services.ts'

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
/** No session is older (DESIGN 2.5: 12 h): who entered a portal on the first day may have signed in on the day before. */
const before = days + 1
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
type Decided = z.infer<typeof decided>
/** What `portal.entered` keeps (src/oidc/portal-audit.ts). */
const entered = z.object({ level: level.optional() })

/** The last sign-in of each person, and the last of each level: with one of several browsers a person may have entered by either. */
function lastSignIns() {
  const last = new Map<string, Decided | undefined>()
  return {
    note(person: string, details: unknown): void {
      const signIn = decided.safeParse(details).data
      last.set(person, signIn)
      // of one that does not say by what it was decided, the level is not known either
      for (const reached of signIn ? [signIn.level] : [2, 3, 4]) last.set(`${person} ${reached}`, signIn)
    },
    /** Undefined where it cannot be told by what it was decided. */
    of(person: string, details: unknown): Decided | undefined {
      const { level: reached } = entered.parse(details)
      return last.get(reached === undefined ? person : `${person} ${reached}`)
    },
  }
}

/** @throws Error of the file system, SyntaxError, ZodError */
export const readTable = (file: string): Levels => readLevels(readFileSync(file, 'utf8'))

/**
 * Decides the sign-ins of the last 30 days again: by a changed table of levels, for a portal that asks for another level, or
 * both. Each time a portal was entered counts, with a sign-in of its own or by single sign-on; each is taken as it was: how well
 * the person was proven then, by what they signed in.
 */
export async function previewLevels(
  { database, clients, clock }: Services,
  change: { table?: Levels | undefined; clientId?: string | undefined; minLevel?: number | undefined },
): Promise<LevelPreview> {
  const known = new Map((await clients.list()).map((client) => [client.id, client]))
  const found = new Map<string, PortalPreview>()
  const signIns = lastSignIns()
  const since = clock() - days * dayMs
  let undecidable = 0
  let after = 0
  for (;;) {
    const rows = await database
      .selectFrom('audit_events')
      .select(['sequence', 'at', 'event', 'person_id', 'client_id', 'details'])
      .where('event', 'in', ['login.succeeded', 'portal.entered'])
      .where('at', '>=', clock() - before * dayMs)
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(rowsAtOnce)
      .execute()
    for (const { at, event, person_id: person, client_id: id, details } of rows) {
      if (person === null) continue
      if (event === 'login.succeeded') {
        signIns.note(person, JSON.parse(details))
        continue
      }
      const client = id === null ? undefined : known.get(id)
      if (!client || at < since || (change.clientId !== undefined && client.id !== change.clientId)) continue
      const signIn = signIns.of(person, JSON.parse(details))
      if (!signIn) undecidable += 1
      else count(found, client, signIn, change)
    }
    const last = rows.at(-1)
    if (!last || rows.length < rowsAtOnce) break
    after = last.sequence
  }
  const touched = [...found.values()].filter(({ rise, fall, kept_out }) => rise + fall + kept_out > 0)
  return { days, portals: touched.sort((one, other) => other.kept_out - one.kept_out), undecidable }
}

function count(
  found: Map<string, PortalPreview>,
  { id: client_id, name, min_level }: Client,
  signIn: Decided,
  change: { table?: Levels | undefined; minLevel?: number | undefined },
): void {
  const { level: was, identity: identityLevel, ...rest } = signIn
  const then = change.table ? levelReached({ identityLevel, ...rest }, change.table) : was
  const portal = found.get(client_id) ?? { client_id, name, sign_ins: 0, rise: 0, fall: 0, kept_out: 0 }
  portal.sign_ins += 1
  if (then > was) portal.rise += 1
  if (then < was) portal.fall += 1
  if (was >= min_level && then < (change.minLevel ?? min_level)) portal.kept_out += 1
  found.set(client_id, portal)
}
