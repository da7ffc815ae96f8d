import { createHash, randomUUID } from 'node:crypto'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { Clock } from '../../config/clock.ts'
import { dayMs } from '../../config/time.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import type { FieldCipher } from '../../keys/field-cipher.ts'
import { retryChange } from '../../storage/compare-and-set.ts'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'
import type { Publish } from '../../storage/events.ts'
import type { Actor, NaturalPerson } from '../natural-persons.ts'
import type { Notifier } from '../notices.ts'
import { canonicalText } from './canonical.ts'
import { decide, type Act, type MandateProblem } from './decide.ts'
import type { InvitationCodes } from './invitation-codes.ts'
import { codeKeyOf, freshCode, inviteeAad, type Invitee } from './invitee.ts'
import type { PrincipalView, Principals } from './principals.ts'
import { isLive, type Mandate, type Role } from './rules.ts'
import * as store from './store.ts'

/** `changed`: look again. */
export type ActProblem = MandateProblem | 'changed'

export type Acted = { ok: true; mandate: Mandate; code?: string } | { ok: false; problem: ActProblem }

export type Previewed =
  | { ok: true; mandate: Mandate; principal: PrincipalView; text: string }
  | { ok: false; problem: ActProblem }

export interface Offering {
  /** Chosen beforehand where the offer is signed: the text names it. */
  id?: string
  role: Role
  matters: readonly string[]
  /** Milliseconds since 1970 UTC. */
  notBefore: number
  expiresAt: number
  invitee: Invitee
}

/** An act that is signed where the person has a passkey. */
export type SignedAct =
  | { type: 'offer'; principalId: string; offering: Offering & { id: string } }
  | { type: 'accept'; id: string }
  | { type: 'confirm'; id: string }

/** What a person does about mandates; each act is decided by the rules on what is so at that moment. */
export interface Mandates {
  /** Where only a phone number says who is meant, the answer has the code to pass on. */
  offer(principalId: string, person: NaturalPerson, offering: Offering, by: Actor, sign?: Sign): Promise<Acted>
  accept(mandateId: string, person: NaturalPerson, by: Actor, sign?: Sign): Promise<Acted>
  /** Six digits that were passed on: shows this person the invitation they belong to. False where there is none. */
  openInvitation(person: NaturalPerson, code: string, by: Actor): Promise<boolean>
  /** What an act would make and be signed over, decided on what is so now; nothing is written. */
  preview(act: SignedAct, person: NaturalPerson, by: Actor): Promise<Previewed>
  decline(mandateId: string, person: NaturalPerson, by: Actor): Promise<Acted>
  /** Withdraws, removes or gives back. */
  end(mandateId: string, person: NaturalPerson, by: Actor): Promise<Acted>
  /** Every mandate not ended that this person holds, or gave to helpers of their own. */
  openOf(personId: string): Promise<string[]>
  /** Whether anybody holds or is offered a mandate of this principal. */
  anyOpen(principalId: string): Promise<boolean>
  /** A new representative gives again what the one before gave. */
  confirm(mandateId: string, person: NaturalPerson, by: Actor, sign?: Sign): Promise<Acted>
}

/**
 * A passkey's assertion over the canonical text, as JSON; undefined for a person without a passkey.
 * @throws Outdated when another text was signed: what it says is no longer so
 */
export type Sign = (text: string) => string | undefined

function actOf(signed: SignedAct, { id: by }: NaturalPerson): PersonAct {
  if (signed.type !== 'offer') return { type: signed.type, by, id: signed.id }
  const { invitee: _invitee, ...offering } = signed.offering
  return { type: 'offer', by, ...offering }
}

const offerDays = 14

const events = {
  offer: 'mandate.offered',
  accept: 'mandate.accepted',
  decline: 'mandate.declined',
  end: 'mandate.ended',
  confirm: 'mandate.confirmed',
} as const

type PersonAct = Exclude<Act, { type: 'representative-changed' }>

export function createMandates(options: {
  database: Database
  cipher: FieldCipher
  blindIndex: BlindIndex
  audit: AuditLog
  principals: Principals
  invitationCodes: InvitationCodes
  notifier: Notifier
  publish: Publish
  clock: Clock
}): Mandates {
  const { database, cipher, blindIndex, audit, principals, invitationCodes, notifier, publish, clock } = options

  async function refuse(
    act: { type: PersonAct['type'] },
    person: NaturalPerson,
    by: Actor,
    problem: ActProblem,
  ): Promise<{ ok: false; problem: ActProblem }> {
    const details = { act: act.type, problem }
    await audit.record({ event: 'mandate.refused', ...by, personId: person.id, details })
    return { ok: false, problem }
  }

  /** Decides and writes; what was decided on something outdated is decided again. */
  async function carryOut(
    look: () => Promise<PrincipalView | undefined>,
    act: PersonAct,
    person: NaturalPerson,
    by: Actor,
    more: { columns?: Parameters<typeof store.writeMandate>[3]; to?: string; sign?: Sign | undefined } = {},
  ): Promise<Acted> {
    const acted = await retryChange(async (): Promise<Acted | undefined> => {
      const view = await look()
      if (!view) return refuse(act, person, by, 'not_found')
      const now = clock()
      const decision = decide(view.affairs, act, now)
      if (!decision.ok) return refuse(act, person, by, decision.problem)
      const [mandate] = decision.changed
      if (!mandate) throw new Error('an act that changes nothing')
      const written = await database
        .transaction()
        .execute(async (transaction) => {
          await store.takeTurn(transaction, view.id, view.version)
          for (const one of decision.changed) {
            await store.writeMandate(transaction, one, now, one === mandate ? more.columns : {})
          }
          await remember(transaction, view, act, mandate, decision.changed, person, by, more)
        })
        .then(
          () => true,
          (error: unknown) => {
            if (error instanceof store.Outdated) return false
            throw error
          },
        )
      if (!written) return undefined
      publish('principal', view.id)
      return { ok: true, mandate }
    })
    return acted ?? refuse(act, person, by, 'changed')
  }

  /** History, audit, who is told, and when portals are looked at again: all with the change or not at all. */
  async function remember(
    transaction: DatabaseTransaction,
    view: PrincipalView,
    act: PersonAct,
    mandate: Mandate,
    changed: Mandate[],
    person: NaturalPerson,
    by: Actor,
    more: { to?: string; sign?: Sign | undefined },
  ) {
    const now = clock()
    const signed = act.type === 'offer' || act.type === 'accept' || act.type === 'confirm'
    const text = signed ? canonicalText(act.type, mandate, more.to ?? mandate.personId ?? '-') : undefined
    const signature = text === undefined ? undefined : more.sign?.(text)
    for (const one of changed) {
      const first = one === mandate ? { text, signature } : {}
      const about = { principalId: view.id, mandateId: one.id, event: act.type, actor: by.actor, personId: person.id }
      await store.appendHistory(transaction, { ...about, ...first }, now)
      const told = act.type === 'accept' ? one.grantedBy : act.type === 'end' ? one.personId : null
      const kind = act.type === 'accept' ? 'mandate-accepted' : 'mandate-ended'
      if (told && told !== person.id) await notifier.notify({ personId: told, kind }, transaction)
    }
    if (act.type === 'end') await store.lookAgain(transaction, view.id, now)
    // a mandate ends by itself, too
    if (act.type === 'accept' || act.type === 'confirm') await store.lookAgain(transaction, view.id, mandate.expiresAt)
    const { role, matters } = mandate
    // the digest of the signature ties it to this moment
    const proof =
      signature === undefined ? {} : { signature: createHash('sha256').update(signature).digest('base64url') }
    const named = { principal: view.id, mandate: mandate.id, role, matters: [...matters] }
    const details = { ...named, changed: changed.length, ...proof }
    await audit.append(transaction, { event: events[act.type], ...by, personId: person.id, details })
  }

  const rowOf = (id: string) => database.selectFrom('mandates').selectAll().where('id', '=', id).executeTakeFirst()

  /** An invitation that this person may see and answer; undefined for all else. */
  const invitationOf = async (person: NaturalPerson, mandateId: string) =>
    (await invitationCodes.visible(person)).find(({ id }) => id === mandateId)

  const byMandate = async (act: PersonAct & { id: string }, person: NaturalPerson, by: Actor, sign?: Sign) => {
    const row = await rowOf(act.id)
    if (!row) return refuse(act, person, by, 'not_found')
    return carryOut(() => principals.view(row.principal_id), act, person, by, { sign })
  }

  const viewFor = (principalId: string, person: NaturalPerson) =>
    principalId === person.id ? principals.viewOfPerson(person.id) : principals.view(principalId)

  /** The principal of an act to be previewed, where this person may know of it. */
  async function lookAt(signed: SignedAct, person: NaturalPerson) {
    if (signed.type === 'offer') return viewFor(signed.principalId, person)
    const row = signed.type === 'confirm' ? await rowOf(signed.id) : await invitationOf(person, signed.id)
    return row && principals.view(row.principal_id)
  }

  return {
    async preview(signed, person, by) {
      const view = await lookAt(signed, person)
      if (!view) return refuse(signed, person, by, 'not_found')
      const decision = decide(view.affairs, actOf(signed, person), clock())
      if (!decision.ok) return refuse(signed, person, by, decision.problem)
      const [mandate] = decision.changed
      if (!mandate) throw new Error('an act that changes nothing')
      const to = signed.type === 'offer' ? signed.offering.invitee.key : (mandate.personId ?? '-')
      return { ok: true, mandate, principal: view, text: canonicalText(signed.type, mandate, to) }
    },

    async offer(principalId, person, { id = randomUUID(), invitee, ...rest }, by, sign) {
      const act = { type: 'offer', by: person.id, id, ...rest } as const
      const look = () => viewFor(principalId, person)
      const code = invitee.needsCode ? freshCode() : undefined
      const columns = {
        invitee_key: invitee.key,
        invitee_name: cipher.seal(invitee.name, inviteeAad(id)),
        code_key: code === undefined ? null : codeKeyOf(blindIndex, id, code),
        offer_ends_at: clock() + offerDays * dayMs,
      }
      const acted = await carryOut(look, act, person, by, { columns, to: invitee.key, sign })
      return acted.ok && code !== undefined ? { ...acted, code } : acted
    },

    async accept(mandateId, person, by, sign) {
      const act = { type: 'accept', by: person.id, id: mandateId } as const
      const row = await invitationOf(person, mandateId)
      if (!row) return refuse(act, person, by, 'not_found')
      return carryOut(() => principals.view(row.principal_id), act, person, by, { sign })
    },

    async decline(mandateId, person, by) {
      const act = { type: 'decline', by: person.id, id: mandateId } as const
      const row = await invitationOf(person, mandateId)
      if (!row) return refuse(act, person, by, 'not_found')
      return carryOut(() => principals.view(row.principal_id), act, person, by)
    },

    async openInvitation(person, code, by) {
      const { opened, tried } = await invitationCodes.open(person, code)
      // what was compared with nothing is no attempt, and must not fill the trail
      if (!opened && tried > 0) await audit.record({ event: 'mandate.code-refused', ...by, personId: person.id })
      return opened
    },

    end: (mandateId, person, by) => byMandate({ type: 'end', by: person.id, id: mandateId }, person, by),
    async openOf(personId) {
      const rows = await database
        .selectFrom('mandates')
        .select('id')
        .where((where) => where.or([where('person_id', '=', personId), where('principal_id', '=', personId)]))
        .where('state', '<>', 'ended')
        .where('expires_at', '>', clock())
        .execute()
      return rows.map(({ id }) => id)
    },
    async anyOpen(principalId) {
      const now = clock()
      const rows = await store.readMandates(database, principalId)
      return rows.some((row) => isLive(store.fromRow(row), now))
    },
    confirm: (mandateId, person, by, sign) =>
      byMandate({ type: 'confirm', by: person.id, id: mandateId }, person, by, sign),
  }
}
