import type { Selectable } from 'kysely'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { RowGuard } from '../keys/row-guard.ts'
import { isProvince, regionHolds } from '../config/regions.ts'
import type { Database } from '../storage/database.ts'
import type { Tables } from '../storage/schema.ts'

/** Roles of administrators; each role includes the one before it. */
export const administratorRoles = ['viewer', 'operator', 'admin'] as const

export type AdministratorRole = (typeof administratorRoles)[number]

/** A natural person who administers this system, or its part for a region, remotely. */
export interface Administrator {
  personId: string
  role: AdministratorRole
  /** GB/T 2260. */
  region: string
  grantedBy: string
  /** Milliseconds since 1970 UTC. */
  grantedAt: number
}

export const mayAct = (role: AdministratorRole, needed: AdministratorRole) =>
  administratorRoles.indexOf(role) >= administratorRoles.indexOf(needed)

/** The name of a remote administrator in the audit log. */
export const actorOf = (personId: string) => `administrator:${personId}`

/**
 * Whether an administrator may act in a region. Objects without a region (accounts, keys, some portals) belong to the whole
 * system: only administrators of the province may act on them.
 */
export function covers({ region: own }: Pick<Administrator, 'region'>, region: string | undefined): boolean {
  return region === undefined ? isProvince(own) : regionHolds(own, region)
}

/** Whether the other one is an `admin` whom this one does not outrank by region. Two people must agree to remove a peer. */
export function isPeer(own: Administrator, other: Administrator): boolean {
  if (own.personId === other.personId || !mayAct(other.role, 'admin')) return false
  const above = mayAct(own.role, 'admin') && covers(own, other.region) && !covers(other, own.region)
  return !above
}

/** A row with a wrong seal (src/keys/row-guard.ts) makes no administrator. */
export interface Administrators {
  find(personId: string): Promise<Administrator | undefined>
  /**
   * The administrator, where the account is active and its identity proven. Without a proof the number may belong to another
   * account of the same person, who would be two administrators.
   */
  acting(personId: string): Promise<Administrator | undefined>
  list(): Promise<Administrator[]>
  /** Makes a person an administrator, or changes the role and region of one. */
  grant(given: Pick<Administrator, 'personId' | 'role' | 'region'>, actor: string): Promise<Administrator>
  /** False when the person was no administrator. */
  revoke(personId: string, actor: string): Promise<boolean>
}

type Row = Selectable<Tables['administrators']>

const fromRow = (row: Row): Administrator => ({
  personId: row.person_id,
  role: row.role,
  region: row.region,
  grantedBy: row.granted_by,
  grantedAt: row.granted_at,
})

const about = ({ role, region }: Pick<Administrator, 'role' | 'region'>) => `${role} ${region}`

export function createAdministrators(options: {
  database: Database
  guard: RowGuard
  audit: AuditLog
  clock: Clock
}): Administrators {
  const { database, guard, audit, clock } = options

  const all = (within: Database) => within.selectFrom('administrators').selectAll('administrators')
  const rowOf = (within: Database, personId: string) => all(within).where('person_id', '=', personId).executeTakeFirst()
  const usable = (row: Row | undefined) => (row && guard.mayUse('administrators', row) ? fromRow(row) : undefined)

  return {
    find: async (personId) => usable(await rowOf(database, personId)),
    acting: async (personId) =>
      usable(
        await all(database)
          .innerJoin('natural_persons', 'natural_persons.id', 'administrators.person_id')
          .where('person_id', '=', personId)
          .where('status', '=', 'active')
          .where('identity_level', '>=', 3)
          .executeTakeFirst(),
      ),
    async list() {
      const rows = await all(database).orderBy('granted_at').orderBy('person_id').execute()
      return rows.flatMap((row) => usable(row) ?? [])
    },
    grant: ({ personId, role, region }, actor) =>
      database.transaction().execute(async (transaction) => {
        const before = usable(await rowOf(transaction, personId))
        const row = { person_id: personId, role, region, granted_by: actor, granted_at: clock() }
        const { person_id: _id, ...columns } = { ...row, mac: guard.macOf('administrators', row) }
        await transaction
          .insertInto('administrators')
          .values({ person_id: personId, ...columns })
          .onConflict((conflict) => conflict.column('person_id').doUpdateSet(columns))
          .execute()
        const details = { before: before && about(before), after: about({ role, region }) }
        await audit.append(transaction, { event: 'administrator.granted', actor, personId, details })
        return { personId, role, region, grantedBy: actor, grantedAt: row.granted_at }
      }),
    revoke: (personId, actor) =>
      database.transaction().execute(async (transaction) => {
        const before = await rowOf(transaction, personId)
        if (!before) return false
        await transaction.deleteFrom('administrators').where('person_id', '=', personId).execute()
        const details = { before: about(before) }
        await audit.append(transaction, { event: 'administrator.revoked', actor, personId, details })
        return true
      }),
  }
}
