import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import { isProvince, regionHolds } from '../config/regions.ts'
import type { Database } from '../storage/database.ts'

/** What an administrator may do; each role may do all that the one before may. */
export const administratorRoles = ['viewer', 'operator', 'admin'] as const

export type AdministratorRole = (typeof administratorRoles)[number]

/** A natural person who looks after the house, or a region's part of it, from afar. */
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

/** Names an administrator who works remotely in the audit log. */
export const actorOf = (personId: string) => `administrator:${personId}`

/**
 * Whether what lies in a region is this administrator's. What lies in none belongs to the whole house: accounts, keys,
 * portals without a region. That is for administrators of the province.
 */
export function covers({ region: own }: Pick<Administrator, 'region'>, region: string | undefined): boolean {
  return region === undefined ? isProvince(own) : regionHolds(own, region)
}

/**
 * Whether the other one is another administrator who decides about what this one asks for, or whose region this one's does
 * not hold: of those nobody gets rid of alone.
 */
export function isPeer(own: Administrator, other: Administrator): boolean {
  if (own.personId === other.personId || !mayAct(other.role, 'admin')) return false
  const above = mayAct(own.role, 'admin') && covers(own, other.region) && !covers(other, own.region)
  return !above
}

export interface Administrators {
  find(personId: string): Promise<Administrator | undefined>
  /**
   * Who may act now: a locked or closed account does not, nor one whose identity is proven no more, for its number may have gone
   * to another account of the same person, who would then be two administrators.
   */
  acting(personId: string): Promise<Administrator | undefined>
  list(): Promise<Administrator[]>
  /** Makes a person an administrator, or gives one another role and region. */
  grant(given: Pick<Administrator, 'personId' | 'role' | 'region'>, actor: string): Promise<Administrator>
  /** False when the person was none. */
  revoke(personId: string, actor: string): Promise<boolean>
}

export function createAdministrators(options: { database: Database; audit: AuditLog; clock: Clock }): Administrators {
  const { database, audit, clock } = options

  const all = (within: Database) =>
    within
      .selectFrom('administrators')
      .select(['person_id as personId', 'role', 'region', 'granted_by as grantedBy', 'granted_at as grantedAt'])
  const findIn = (within: Database, personId: string) =>
    all(within).where('person_id', '=', personId).executeTakeFirst()
  const about = ({ role, region }: Pick<Administrator, 'role' | 'region'>) => `${role} ${region}`

  return {
    find: (personId) => findIn(database, personId),
    acting: (personId) =>
      all(database)
        .innerJoin('natural_persons', 'natural_persons.id', 'administrators.person_id')
        .where('person_id', '=', personId)
        .where('status', '=', 'active')
        .where('identity_level', '>=', 3)
        .executeTakeFirst(),
    list: () => all(database).orderBy('granted_at').orderBy('person_id').execute(),
    grant: ({ personId, role, region }, actor) =>
      database.transaction().execute(async (transaction) => {
        const before = await findIn(transaction, personId)
        const columns = { role, region, granted_by: actor, granted_at: clock() }
        await transaction
          .insertInto('administrators')
          .values({ person_id: personId, ...columns })
          .onConflict((conflict) => conflict.column('person_id').doUpdateSet(columns))
          .execute()
        const details = { before: before && about(before), after: about({ role, region }) }
        await audit.append(transaction, { event: 'administrator.granted', actor, personId, details })
        return { personId, role, region, grantedBy: actor, grantedAt: columns.granted_at }
      }),
    revoke: (personId, actor) =>
      database.transaction().execute(async (transaction) => {
        const before = await findIn(transaction, personId)
        if (!before) return false
        await transaction.deleteFrom('administrators').where('person_id', '=', personId).execute()
        const details = { before: about(before) }
        await audit.append(transaction, { event: 'administrator.revoked', actor, personId, details })
        return true
      }),
  }
}
