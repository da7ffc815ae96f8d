import { z } from 'zod'
import type { AuditTrail } from '../../audit/trail.ts'
import type { Clock } from '../../config/clock.ts'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'
import type { Tell } from '../../storage/events.ts'
import type { LookupIndex } from '../../keys/lookup-index.ts'
import type { PopulationRegister } from '../../proofing/population-register.ts'
import type { Authenticators } from '../authenticators.ts'
import { matchKey } from '../identifiers/names.ts'
import { provenHolders } from '../indexes.ts'
import type { Actor, NaturalPerson, NaturalPersons } from '../natural-persons.ts'
import type { EndSignIns } from '../sign-in-endings.ts'
import type { Notifier } from '../notices.ts'

/** An authenticator made within this time of a verified face may be bound to it. */
export const bindingMs = 600_000

/** Signed in with something only its holder has: what may be bound. */
const bindable = new Set(['passkey'])

export type Proved =
  | {
      ok: true
      /** Authenticators bound by it. */
      bound: number
      /** Accounts that lost the number. */
      superseded: string[]
    }
  | { ok: false; problem: 'held_by_face' | 'not_matched' | 'gone' }

/** What a method keeps of the browser an authenticator was made in. */
const madeIn = z.object({ device: z.string().optional() })

/** What a verified face, or the counter, has proven of accounts. */
export interface FaceProofs {
  /**
   * A face was verified for this account: identity level 4, and what was made in the ten minutes before in the same browser
   * is bound to it. Elsewhere may be somebody with a stolen password, whose passkey the person's own face must not bind.
   * Another account that had proven the same document by less falls to level 2; one that had a face verified as well keeps
   * it, and only the counter decides.
   * @param device keyed fingerprint of the browser (accounts/devices.ts)
   */
  prove(person: NaturalPerson, device: string, by: Actor): Promise<Proved>
  /** Binds what was made in this browser within ten minutes of the last proof, on either side; says how many. */
  bind(person: NaturalPerson, device: string, by: Actor): Promise<number>
  isBound(authenticatorId: string): Promise<boolean>
  /** The same at a counter, where somebody saw the person with their document: needs no face, and decides against any other. */
  proveAtCounter(person: NaturalPerson, by: Actor): Promise<Proved>
}

export function createFaceProofs(options: {
  database: Database
  lookup: LookupIndex
  persons: Pick<NaturalPersons, 'reveal'>
  authenticators: Pick<Authenticators, 'list'>
  register: PopulationRegister
  notifier: Notifier
  audit: AuditTrail
  endSignIns: EndSignIns
  tell: Tell
  clock: Clock
}): FaceProofs {
  const { database, lookup, persons, authenticators, register, notifier, audit, endSignIns, tell, clock } = options

  /** Other accounts that have proven the same document. */
  const rivals = async (transaction: DatabaseTransaction, person: NaturalPerson) =>
    (await provenHolders(transaction, lookup, persons.reveal(person))).filter(({ id }) => id !== person.id)

  async function supersede(transaction: DatabaseTransaction, ids: string[], winner: NaturalPerson, by: Actor) {
    const now = clock()
    for (const id of ids) {
      await transaction
        .updateTable('natural_persons')
        .set({ identity_level: 2, proofed_at: null, face_proofed_at: null, updated_at: now })
        .where('id', '=', id)
        .execute()
      await transaction.deleteFrom('face_bindings').where('person_id', '=', id).execute()
      await endSignIns(transaction, id, { but: [] })
      await audit.append(transaction, { event: 'person.superseded', ...by, personId: id, details: { by: winner.id } })
      await notifier.notify({ personId: id, kind: 'number-lost' }, transaction)
    }
    if (ids.length > 0) await notifier.notify({ personId: winner.id, kind: 'number-won' }, transaction)
  }

  async function bindWithin(
    transaction: DatabaseTransaction,
    { personId, provenAt, device }: { personId: string; provenAt: number; device: string | undefined },
    by: Actor,
  ) {
    const all = await authenticators.list(personId, undefined, transaction)
    const made = all.filter(({ kind, createdAt }) => bindable.has(kind) && Math.abs(createdAt - provenAt) <= bindingMs)
    let bound = 0
    for (const { id, data } of made) {
      if (device !== undefined && madeIn.parse(JSON.parse(data)).device !== device) continue
      const { numInsertedOrUpdatedRows } = await transaction
        .insertInto('face_bindings')
        .values({ authenticator_id: id, person_id: personId, bound_at: clock() })
        .onConflict((conflict) => conflict.column('authenticator_id').doNothing())
        .executeTakeFirst()
      if (numInsertedOrUpdatedRows === 0n) continue
      bound += 1
      await audit.append(transaction, { event: 'authenticator.bound', ...by, personId, details: { authenticator: id } })
      await notifier.notify({ personId, kind: 'authenticator-bound', restricted: by.restricted }, transaction)
    }
    return bound
  }

  const raised = (person: NaturalPerson, by: Actor, how: 'face' | 'counter', device?: string) =>
    database.transaction().execute(async (transaction): Promise<Proved> => {
      const others = await rivals(transaction, person)
      if (how === 'face' && others.some((one) => one.identity_level >= 4)) return { ok: false, problem: 'held_by_face' }
      const superseded = others.map(({ id }) => id)
      const now = clock()
      const change = (values: {
        updated_at: number
        identity_level?: number
        proofed_at?: number
        face_proofed_at?: number
      }) =>
        transaction
          .updateTable('natural_persons')
          .set(values)
          .where('id', '=', person.id)
          .where('status', '=', 'active')
          .executeTakeFirst()
      // held from here on, and proven once nobody else is: a document is proven for one account at a time
      if ((await change({ updated_at: now })).numUpdatedRows === 0n) return { ok: false, problem: 'gone' }
      await supersede(transaction, superseded, person, by)
      await change({ updated_at: now, identity_level: 4, proofed_at: now, face_proofed_at: now })
      await audit.append(transaction, { event: 'person.face-proofed', ...by, personId: person.id, details: { how } })
      await notifier.notify({ personId: person.id, kind: 'face-verified', restricted: by.restricted }, transaction)
      const bound = await bindWithin(transaction, { personId: person.id, provenAt: now, device }, by)
      return { ok: true, bound, superseded }
    })

  async function raise(...given: Parameters<typeof raised>): Promise<Proved> {
    const proved = await raised(...given)
    for (const id of proved.ok ? [given[0].id, ...proved.superseded] : []) tell('person', id)
    return proved
  }

  return {
    async prove(person, device, by) {
      const { documentType, documentNumber, name } = persons.reveal(person)
      // the face fits the photograph under the number; the name has to be the one under it as well
      const claim = { documentType, documentNumber, nameKey: matchKey(name) }
      if (person.identityLevel < 3 && (await register.match(claim)) !== 'match')
        return { ok: false, problem: 'not_matched' }
      return raise(person, by, 'face', device)
    },
    proveAtCounter: (person, by) => raise(person, by, 'counter'),

    bind: ({ id: personId, faceProofedAt: provenAt }, device, by) =>
      database
        .transaction()
        .execute(async (transaction) =>
          provenAt === null ? 0 : bindWithin(transaction, { personId, provenAt, device }, by),
        ),

    async isBound(authenticatorId) {
      const row = await database
        .selectFrom('face_bindings')
        .select('authenticator_id')
        .where('authenticator_id', '=', authenticatorId)
        .executeTakeFirst()
      return row !== undefined
    },
  }
}
