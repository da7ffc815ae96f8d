import { z } from 'zod'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { Clock } from '../../config/clock.ts'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'
import type { Publish } from '../../storage/events.ts'
import type { LookupIndex } from '../../keys/lookup-index.ts'
import type { PopulationRegister } from '../../proofing/population-register.ts'
import { loginMethods } from '../../login-methods.ts'
import type { Authenticators } from '../authenticators.ts'
import { matchKey } from '../identifiers/names.ts'
import { provenHolders } from '../indexes.ts'
import type { Actor, NaturalPerson, NaturalPersons } from '../natural-persons.ts'
import type { Notifier } from '../notices.ts'
import type { Supersede } from '../superseding.ts'
import type { NumberClaim, NumberClaims } from './number-claims.ts'

/** An authenticator made within this time of a verified face may be bound to it. */
export const bindingMs = 600_000

/** Kinds of authenticators that only their holder can use. */
const bindable: ReadonlySet<string> = new Set(
  loginMethods.filter(({ bindsToFace }) => bindsToFace).map(({ name }) => name),
)

export type Proved =
  | {
      ok: true
      /** Authenticators bound by it. */
      bound: number
      /** Accounts that lost the number. */
      superseded: string[]
    }
  | ProofProblem

export interface ProofProblem {
  ok: false
  problem: 'held_by_face' | 'not_matched' | 'gone'
}

/** `waits`: another account has the number and loses it then, unless it objects. */
export type ProvedAtCounter = Proved | { ok: true; waits: NumberClaim }

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
  /** Whether the register knows this name under this number: only then its photograph is this person's to be compared with. */
  fits(person: NaturalPerson): Promise<boolean>
  /** Binds what was made in this browser within ten minutes of the last proof, on either side; says how many. */
  bind(person: NaturalPerson, device: string, by: Actor): Promise<number>
  isBound(authenticatorId: string): Promise<boolean>
  /**
   * The same at a counter, where somebody saw the person with their document: needs no face. The register is asked for name and
   * number here, too. Another account that has the number is told and loses it after the waiting period, at once only where the
   * holders of both accounts were seen.
   */
  proveAtCounter(person: NaturalPerson, seen: { bothPresent: boolean }, by: Actor): Promise<ProvedAtCounter>
  /** Accounts that lose the number if this one proves it. */
  rivalsOf(person: NaturalPerson): Promise<string[]>
  /** An administrator lets the account keep its number: what waits against it ends; says how many did. */
  keepNumber(person: NaturalPerson, by: Actor): Promise<number>
  /** Carries out what has waited long enough; says how many numbers changed hands. */
  carryOutDue(): Promise<number>
}

/** A proof that counts. */
interface Proof {
  how: 'face' | 'counter'
  provenAt: number
  /** Accounts that lose the number by it. */
  superseded: string[]
  /** Keyed fingerprint of the browser; none at a counter. */
  device?: string
  bothPresent: boolean
}

export function createFaceProofs(options: {
  database: Database
  lookup: LookupIndex
  persons: Pick<NaturalPersons, 'find' | 'reveal'>
  authenticators: Pick<Authenticators, 'list'>
  register: PopulationRegister
  notifier: Notifier
  supersede: Supersede
  claims: NumberClaims
  audit: AuditLog
  publish: Publish
  clock: Clock
}): FaceProofs {
  const { database, lookup, persons, authenticators, register, notifier, supersede, claims, audit, publish, clock } =
    options

  /** Other accounts that have proven the same document. */
  const rivals = async (transaction: DatabaseTransaction, person: NaturalPerson) =>
    (await provenHolders(transaction, lookup, persons.reveal(person))).filter(({ id }) => id !== person.id)

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

  /** What a proof changes, once it is decided that it counts. */
  async function raise(transaction: DatabaseTransaction, person: NaturalPerson, proof: Proof, by: Actor) {
    const { how, provenAt, superseded } = proof
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
    if ((await change({ updated_at: now })).numUpdatedRows === 0n) return undefined
    await claims.withdraw(transaction, person.id)
    const { principals } = await supersede(transaction, superseded, person, by)
    await change({ updated_at: now, identity_level: 4, proofed_at: provenAt, face_proofed_at: provenAt })
    const details = { how, bothPresent: proof.bothPresent }
    await audit.append(transaction, { event: 'person.face-proofed', ...by, personId: person.id, details })
    await notifier.notify({ personId: person.id, kind: 'face-verified', restricted: by.restricted }, transaction)
    // who has proven the number now keeps it
    await claims.endAgainst(transaction, person.id, 'proved_better', by)
    const bound = await bindWithin(transaction, { personId: person.id, provenAt, device: proof.device }, by)
    return { principals, proved: { ok: true as const, bound, superseded } }
  }

  const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id)

  /** Tells the servers, once it is committed. */
  function told(person: { id: string }, superseded: readonly string[], principals: readonly string[]) {
    for (const id of [person.id, ...superseded]) publish('person', id)
    for (const id of principals) publish('principal', id)
  }

  /** Decides what a proof of today changes: at once, or after the waiting period. */
  async function decided(person: NaturalPerson, proof: Omit<Proof, 'provenAt' | 'superseded'>, by: Actor) {
    let raised: Awaited<ReturnType<typeof raise>>
    const answer = await database.transaction().execute(async (transaction): Promise<ProvedAtCounter> => {
      const others = await rivals(transaction, person)
      if (proof.how === 'face' && others.some((one) => one.identity_level >= 4)) {
        return { ok: false, problem: 'held_by_face' }
      }
      const [holder] = others
      if (proof.how === 'counter' && holder && !proof.bothPresent) {
        const waits = await claims.begin(transaction, { claimantId: person.id, holderId: holder.id }, by)
        return { ok: true, waits }
      }
      raised = await raise(transaction, person, { ...proof, provenAt: clock(), superseded: idsOf(others) }, by)
      return raised?.proved ?? { ok: false, problem: 'gone' }
    })
    if (raised) told(person, raised.proved.superseded, raised.principals)
    if (answer.ok && 'waits' in answer) told(person, [answer.waits.holderId], [])
    return answer
  }

  /** The face fits the photograph under the number; the name has to be the one under it as well. */
  async function fits(person: NaturalPerson): Promise<boolean> {
    const { documentType, documentNumber, name } = persons.reveal(person)
    return (await register.match({ documentType, documentNumber, nameKey: matchKey(name) })) === 'match'
  }

  const matches = async (person: NaturalPerson) => person.identityLevel >= 3 || (await fits(person))

  const notMatched = { ok: false, problem: 'not_matched' } as const

  /** In one transaction: the row is taken, and what it says is done or it ends for good. */
  async function carryOut(claim: NumberClaim): Promise<boolean> {
    const by = { actor: 'system' }
    const claimant = await persons.find(claim.claimantId)
    let raised: Awaited<ReturnType<typeof raise>>
    await database.transaction().execute(async (transaction) => {
      if (!(await claims.take(transaction, claim))) return
      const others = claimant && claimant.status === 'active' ? await rivals(transaction, claimant) : []
      // an account that was not told must lose nothing by it
      const foreign = others.some(({ id }) => id !== claim.holderId)
      if (claimant && !foreign) {
        const proof = {
          how: 'counter',
          provenAt: claim.askedAt,
          superseded: idsOf(others),
          bothPresent: false,
        } as const
        raised = await raise(transaction, claimant, proof, by)
      }
      if (!raised) await claims.ended(transaction, claim, foreign ? 'holder_changed' : 'claimant_gone', by)
    })
    if (claimant && raised) told(claimant, raised.proved.superseded, raised.principals)
    return raised !== undefined
  }

  return {
    fits,
    async prove(person, device, by) {
      if (!(await matches(person))) return notMatched
      const proved = await decided(person, { how: 'face', device, bothPresent: false }, by)
      if (proved.ok && 'waits' in proved) throw new Error('a verified face does not wait')
      return proved
    },
    proveAtCounter: async (person, { bothPresent }, by) =>
      (await matches(person)) ? decided(person, { how: 'counter', bothPresent }, by) : notMatched,
    rivalsOf: (person) =>
      database.transaction().execute(async (transaction) => idsOf(await rivals(transaction, person))),
    async keepNumber(person, by) {
      const ended = await database
        .transaction()
        .execute((transaction) => claims.endAgainst(transaction, person.id, 'cancelled', by))
      publish('person', person.id)
      return ended
    },
    async carryOutDue() {
      let count = 0
      for (const claim of await claims.due()) if (await carryOut(claim)) count += 1
      return count
    },

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
