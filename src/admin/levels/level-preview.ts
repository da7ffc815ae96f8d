import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { dayMs } from '../../config/time.ts'
import { levelReached, readLevels, type Levels } from '../../assurance/levels.ts'
import { beyond, type Place } from '../../audit/reading.ts'
import type { Client } from '../../clients/clients.ts'
import type { Services } from '../../services.ts'

/** The effect on the sign-ins of one portal. */
export interface PortalPreview {
  client_id: string
  name: string
  sign_ins: number
  /** Sign-ins that reach a higher level by the changed table. */
  rise: number
  fall: number
  /** Sign-ins that are accepted now, and refused or stepped up after the change. */
  kept_out: number
}

export interface LevelPreview {
  days: number
  /** The portals that the change affects. */
  portals: PortalPreview[]
  /** Sign-ins of older versions, whose audit entries lack the data for a decision. */
  undecidable: number
}

const days = 30
/** A session lasts at most 12 hours: the sign-in of an entry on the first day may be on the day before. */
const daysRead = days + 1
const rowsAtOnce = 5000

const level = z.union([z.literal(2), z.literal(3), z.literal(4)])
/** Details of `login.succeeded` (src/login/host.ts). */
const decided = z.object({
  level,
  identity: z.number(),
  amr: z.array(z.string()),
  bound: z.boolean(),
  proofDays: z.number(),
  held: z.boolean(),
  vouched: level.optional(),
  before: level.optional(),
  needsTwo: z.boolean().optional(),
})
type Decided = z.infer<typeof decided>
/** Details of `portal.entered` (src/oidc/portal-audit.ts). */
const entered = z.object({ level: level.optional() })

/** The last sign-in of each person, and of each level: with several browsers a person may have several sessions. */
function lastSignIns() {
  const last = new Map<string, Decided | undefined>()
  return {
    note(person: string, details: unknown): void {
      const signIn = decided.safeParse(details).data
      last.set(person, signIn)
      // an entry without the data could be of any level
      for (const reached of signIn ? [signIn.level] : [2, 3, 4]) last.set(`${person} ${reached}`, signIn)
    },
    /** Undefined where the data for a decision is missing. */
    of(person: string, details: unknown): Decided | undefined {
      const { level: reached } = entered.parse(details)
      return last.get(reached === undefined ? person : `${person} ${reached}`)
    },
  }
}

/** @throws Error of the file system, SyntaxError, ZodError */
export const readTable = (file: string): Levels => readLevels(readFileSync(file, 'utf8'))

/**
 * Decides the sign-ins of the last 30 days again.
 * The change is a table of levels, another minimum level of a portal, or both.
 * Every entry of a portal counts, also by single sign-on. It is decided with the proofs and methods of its time.
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
  let after: Place = { at: clock() - daysRead * dayMs, sequence: -1 }
  for (;;) {
    const entries = database
      .selectFrom('audit_events')
      .selectAll()
      .where('event', 'in', ['login.succeeded', 'portal.entered'])
    const rows = await beyond(entries, '>', after).orderBy('at').orderBy('sequence').limit(rowsAtOnce).execute()
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
    after = last
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
