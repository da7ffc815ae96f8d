import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import { representativeKey, type BusinessRegister } from '../proofing/business-register.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import type { Publish } from '../storage/events.ts'
import type { Tables } from '../storage/schema.ts'
import { hasPower } from './account-power.ts'
import { organisationKind, type OrganisationKind } from './identifiers/gb32100.ts'
import { decide } from './mandates/decide.ts'
import type { Principal } from './mandates/rules.ts'
import * as store from './mandates/store.ts'
import type { Actor, NaturalPerson, NaturalPersons } from './natural-persons.ts'
import type { Notifier } from './notices.ts'

/** An organisation (法人), with what the house keeps of it. */
export interface LegalPerson {
  id: string
  uscc: string
  kind: OrganisationKind
  name: string
  status: 'active' | 'suspended'
  /** The natural person confirmed as its legal representative. */
  ownerId: string | null
  /** Milliseconds since 1970 UTC. */
  createdAt: number
}

/** Why nobody can act for an organisation now. */
export type BlockReason = 'suspended' | 'unregistered' | 'unconfirmed' | 'representative_away' | 'unreachable'

/** An organisation as the rules of mandates look at it, the register asked just now. */
export interface Standing {
  legalPerson: LegalPerson
  principal: Principal
  blockedBy: BlockReason | undefined
}

/** `not_representative` whether there is no such organisation or somebody else represents it. */
export type OpenedOrganisation =
  | { ok: true; legalPerson: LegalPerson }
  | { ok: false; problem: 'not_representative' | 'register_unreachable' }

/** The accounts of legal persons. */
export interface LegalPersons {
  find(id: string): Promise<LegalPerson | undefined>
  /** Organisations whose confirmed representative this person is. */
  represented(personId: string): Promise<LegalPerson[]>
  /** By id; `registeredIn`: digits that the region in their code (GB 32100 places 3 to 8) begins with. */
  list(page: { after?: string; limit: number; registeredIn?: string }): Promise<LegalPerson[]>
  /** Opens or confirms an organisation, for the person the register names as its representative. */
  open(opening: { uscc: string; person: NaturalPerson }, by: Actor): Promise<OpenedOrganisation>
  /** Asks the register and says whether the organisation can be acted for; a change of representative takes effect here. */
  standing(id: string): Promise<Standing | undefined>
  /** As `standing`, for organisations that an import may have changed. */
  registerChanged(usccs: readonly string[]): Promise<void>
  /** Somebody closes their account: nobody represents their organisations any more, and mandates wait for who comes next. */
  leave(personId: string): Promise<void>
  /**
   * As `leave`, as part of something else.
   * @returns the organisations, to tell the servers of once it is committed (topic `principal`)
   */
  leaveWithin(transaction: DatabaseTransaction, personId: string): Promise<string[]>
  /** Undefined when there is none; nothing is done where it is so already. */
  setStatus(id: string, status: LegalPerson['status'], by: Actor): Promise<LegalPerson | undefined>
}

type Row = Selectable<Tables['legal_persons']>

const aad = (id: string) => `legal_persons.name:${id}`

export function createLegalPersons(options: {
  database: Database
  cipher: FieldCipher
  blindIndex: BlindIndex
  audit: AuditLog
  register: BusinessRegister
  persons: NaturalPersons
  notifier: Notifier
  publish: Publish
  clock: Clock
}): LegalPersons {
  const { database, cipher, blindIndex, audit, register, persons, notifier, publish, clock } = options

  /** One transaction; whoever keeps something of this organisation is told once it is committed. */
  async function changing<T>(id: string, change: (transaction: DatabaseTransaction) => Promise<T>): Promise<T> {
    const result = await database.transaction().execute(change)
    publish('principal', id)
    return result
  }

  const fromRow = (row: Row): LegalPerson => ({
    id: row.id,
    uscc: row.uscc,
    kind: organisationKind(row.uscc),
    name: cipher.open(row.name, aad(row.id)),
    status: row.status,
    ownerId: row.owner_id,
    createdAt: row.created_at,
  })

  const rowOf = (within: Database, column: 'id' | 'uscc', value: string) =>
    within.selectFrom('legal_persons').selectAll().where(column, '=', value).executeTakeFirst()

  const find: LegalPersons['find'] = async (id) => {
    const row = await rowOf(database, 'id', id)
    return row && fromRow(row)
  }

  /** Nobody represents it any more as far as we know, and what the one before gave waits for the next. */
  async function representativeLeft(transaction: DatabaseTransaction, row: Row) {
    const now = clock()
    await store.takeTurn(transaction, row.id, await store.versionOf(transaction, row.id, 'legal_person'))
    await transaction
      .updateTable('legal_persons')
      .set({ owner_id: null, representative_key: null, updated_at: now })
      .where('id', '=', row.id)
      .where('representative_key', row.representative_key === null ? 'is' : '=', row.representative_key)
      .execute()
    const principal: Principal = { id: row.id, kind: 'legal_person', ownerId: row.owner_id, standing: true }
    const mandates = (await store.readMandates(transaction, row.id)).map(store.fromRow)
    // who holds them does not matter here: all are suspended
    const affairs = { principal, mandates, withoutPower: new Set<string>() }
    const decision = decide(affairs, { type: 'representative-changed' }, now)
    for (const mandate of decision.ok ? decision.changed : []) {
      await store.writeMandate(transaction, mandate, now)
      const { personId } = mandate
      if (personId) await notifier.notify({ personId, kind: 'mandate-suspended' }, transaction)
    }
    const about = { event: 'representative_changed', actor: 'system', principalId: row.id }
    await store.appendHistory(transaction, about, now)
    await store.lookAgain(transaction, row.id, now)
    await audit.append(transaction, {
      event: 'organisation.representative-changed',
      actor: 'system',
      personId: row.owner_id ?? undefined,
      details: { principal: row.id, mandates: decision.ok ? decision.changed.length : 0 },
    })
  }

  async function leaveWithin(transaction: DatabaseTransaction, personId: string): Promise<string[]> {
    const rows = await transaction.selectFrom('legal_persons').selectAll().where('owner_id', '=', personId).execute()
    for (const row of rows) await representativeLeft(transaction, row)
    return rows.map(({ id }) => id)
  }

  async function refuse(
    uscc: string,
    person: NaturalPerson,
    by: Actor,
    problem: 'not_representative' | 'register_unreachable',
  ) {
    const about = { event: 'organisation.refused', ...by, personId: person.id } as const
    await audit.record({ ...about, details: { uscc, problem } })
    return { ok: false as const, problem }
  }

  const open: LegalPersons['open'] = async ({ uscc, person }, by) => {
    const answer = await register.look(uscc)
    if (answer.outcome === 'unreachable') return refuse(uscc, person, by, 'register_unreachable')
    const { documentType, documentNumber } = persons.reveal(person)
    const key = representativeKey(blindIndex, { uscc, documentType, documentNumber })
    const proven = person.identityLevel >= 3 && person.status === 'active'
    if (!proven || answer.outcome === 'not_found' || answer.status !== 'active' || answer.representativeKey !== key) {
      return refuse(uscc, person, by, 'not_representative')
    }
    const opened = await database.transaction().execute(async (transaction) => {
      const now = clock()
      const before = await rowOf(transaction, 'uscc', uscc)
      if (before?.owner_id === person.id && before.representative_key === key) {
        return { ok: true as const, legalPerson: fromRow(before) }
      }
      if (before && before.representative_key !== null) await representativeLeft(transaction, before)
      const id = before?.id ?? randomUUID()
      await store.takeTurn(transaction, id, await store.versionOf(transaction, id, 'legal_person'))
      const name = cipher.seal(answer.name, aad(id))
      const owned = { name, owner_id: person.id, representative_key: key, updated_at: now }
      if (before) {
        await transaction.updateTable('legal_persons').set(owned).where('id', '=', id).execute()
      } else {
        const fresh = { id, uscc, status: 'active' as const, created_at: now, ...owned }
        await transaction.insertInto('legal_persons').values(fresh).execute()
      }
      const details = { principal: id, uscc, again: before !== undefined }
      await store.appendHistory(
        transaction,
        { principalId: id, event: 'opened', actor: by.actor, personId: person.id },
        now,
      )
      await audit.append(transaction, { event: 'organisation.opened', ...by, personId: person.id, details })
      const row = await rowOf(transaction, 'id', id)
      if (!row) throw new Error('the organisation was not kept')
      return { ok: true as const, legalPerson: fromRow(row) }
    })
    publish('principal', opened.legalPerson.id)
    return opened
  }

  /** Authority ends with its source: the representative's account has to be theirs still, and to have power now. */
  async function representativeFault(row: Row): Promise<BlockReason | undefined> {
    const owner = row.owner_id === null ? undefined : await persons.find(row.owner_id)
    if (!owner || row.representative_key === null) return 'unconfirmed'
    const documentNumber = persons.open(owner, 'document_number')
    const document = { uscc: row.uscc, documentType: owner.row.document_type, documentNumber }
    if (representativeKey(blindIndex, document) !== row.representative_key) return 'unconfirmed'
    return hasPower(owner.row, clock()) ? undefined : 'representative_away'
  }

  async function standingOf(row: Row): Promise<Standing> {
    const answer = await register.look(row.uscc)
    let current = row
    let blockedBy: BlockReason | undefined
    if (answer.outcome === 'unreachable') blockedBy = 'unreachable'
    else if (answer.outcome === 'not_found' || answer.status !== 'active') blockedBy = 'unregistered'
    else if (row.representative_key !== null && answer.representativeKey !== row.representative_key) {
      current = await changing(row.id, async (transaction) => {
        const again = await rowOf(transaction, 'id', row.id)
        if (again?.representative_key === row.representative_key) await representativeLeft(transaction, again)
        return (await rowOf(transaction, 'id', row.id)) ?? row
      })
    }
    if (row.status !== 'active') blockedBy = 'suspended'
    else blockedBy ??= await representativeFault(current)
    const { id, owner_id: ownerId } = current
    const principal = { id, kind: 'legal_person', ownerId, standing: blockedBy === undefined } as const
    const legalPerson = fromRow(current)
    return {
      legalPerson: answer.outcome === 'found' ? { ...legalPerson, name: answer.name } : legalPerson,
      principal,
      blockedBy,
    }
  }

  return {
    find,
    open,
    async represented(personId) {
      const rows = await database
        .selectFrom('legal_persons')
        .selectAll()
        .where('owner_id', '=', personId)
        .orderBy('created_at')
        .execute()
      return rows.map(fromRow)
    },
    async list({ after, limit, registeredIn }) {
      const rows = await database
        .selectFrom('legal_persons')
        .selectAll()
        .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
        .$if(registeredIn !== undefined, (query) => query.where('uscc', 'like', `__${registeredIn}%`))
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map(fromRow)
    },
    async standing(id) {
      const row = await rowOf(database, 'id', id)
      return row && standingOf(row)
    },
    async registerChanged(usccs) {
      if (usccs.length === 0) return
      const rows = await database.selectFrom('legal_persons').selectAll().where('uscc', 'in', usccs).execute()
      for (const row of rows) {
        const { blockedBy } = await standingOf(row)
        if (blockedBy === 'unregistered') {
          await changing(row.id, (transaction) => store.lookAgain(transaction, row.id, clock()))
        }
      }
    },
    async leave(personId) {
      const left = await database.transaction().execute((transaction) => leaveWithin(transaction, personId))
      for (const id of left) publish('principal', id)
    },
    leaveWithin,
    setStatus: (id, status, by) =>
      changing(id, async (transaction) => {
        const row = await rowOf(transaction, 'id', id)
        if (!row || row.status === status) return row && fromRow(row)
        const now = clock()
        await store.takeTurn(transaction, id, await store.versionOf(transaction, id, 'legal_person'))
        await transaction.updateTable('legal_persons').set({ status, updated_at: now }).where('id', '=', id).execute()
        const event = status === 'active' ? 'resumed' : 'suspended'
        await store.appendHistory(transaction, { principalId: id, event, actor: by.actor }, now)
        if (status === 'suspended') await store.lookAgain(transaction, id, now)
        await audit.append(transaction, { event: `organisation.${event}`, ...by, details: { principal: id } })
        return fromRow({ ...row, status })
      }),
  }
}
