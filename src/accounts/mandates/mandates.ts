import type { Actor, NaturalPerson } from '../natural-persons.ts'
import type { Acted, MandatesDeps, Offering, Previewed, Sign, SignedAct } from './acts.ts'
import { answerInvitation, changeMandate, endingOf, regrant, type Ending } from './change-mandate.ts'
import { offerMandate } from './offer-mandate.ts'
import { previewAct } from './preview.ts'
import { isLive, type Mandate } from './mandate-rules.ts'
import * as store from './store.ts'

export type { Ending } from './change-mandate.ts'
export type { Acted, ActProblem, Offering, Previewed, Sign, SignedAct } from './acts.ts'

/** Acts of people about mandates (授权). The rules (decide-act.ts) decide each act on the state of that moment. */
export interface Mandates {
  /** The answer has a code to pass on where only a phone number names the invitee. */
  offer(principalId: string, person: NaturalPerson, offering: Offering, by: Actor, sign?: Sign): Promise<Acted>
  accept(mandateId: string, person: NaturalPerson, by: Actor, sign?: Sign): Promise<Acted>
  /** Shows this person the invitation that the six digits belong to. False where there is none. */
  openInvitation(person: NaturalPerson, code: string, by: Actor): Promise<boolean>
  /** Decides a signed act as of now and returns the text to sign; writes no mandate. */
  preview(act: SignedAct, person: NaturalPerson, by: Actor): Promise<Previewed>
  decline(mandateId: string, person: NaturalPerson, by: Actor): Promise<Acted>
  /** Withdraws an offer, removes a holder, or gives a mandate back. */
  end(mandateId: string, person: NaturalPerson, by: Actor): Promise<Acted>
  /** What `end` would end; undefined where this person may not. */
  ending(mandateId: string, person: NaturalPerson): Promise<Ending | undefined>
  /** Takes the end of mandates back: the same person gives them again, under new ids. `before`: as they were. */
  regrant(
    given: { before: readonly Mandate[]; ids: readonly string[] },
    person: NaturalPerson,
    by: Actor,
    sign?: Sign,
  ): Promise<Acted>
  /** Ids of all open mandates that this person holds, or gave to their own helpers. */
  openOf(personId: string): Promise<string[]>
  /** Whether any mandate of this principal is offered or held. */
  anyOpen(principalId: string): Promise<boolean>
  /** A new representative confirms a mandate of the previous one. */
  confirm(mandateId: string, person: NaturalPerson, by: Actor, sign?: Sign): Promise<Acted>
}

export function createMandates(deps: MandatesDeps): Mandates {
  const { database, guard, audit, invitationCodes, clock } = deps
  return {
    offer: (principalId, person, offering, by, sign) => offerMandate(deps, { principalId, person, offering }, by, sign),
    accept: (mandateId, person, by, sign) => answerInvitation(deps, 'accept', mandateId, person, by, sign),
    decline: (mandateId, person, by) => answerInvitation(deps, 'decline', mandateId, person, by),
    end: (mandateId, person, by) => changeMandate(deps, 'end', mandateId, person, by),
    ending: (mandateId, person) => endingOf(deps, mandateId, person),
    confirm: (mandateId, person, by, sign) => changeMandate(deps, 'confirm', mandateId, person, by, sign),
    regrant: (given, person, by, sign) => regrant(deps, given, person, by, sign),
    preview: (act, person, by) => previewAct(deps, act, person, by),
    async openInvitation(person, code, by) {
      const { opened, tried } = await invitationCodes.open(person, code)
      // a code that was compared with nothing is no attempt and must not fill the audit log
      if (!opened && tried > 0) await audit.record({ event: 'mandate.code-refused', ...by, personId: person.id })
      return opened
    },
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
      const rows = await store.readMandates(guard, database, principalId)
      return rows.some((row) => isLive(store.fromRow(row), now))
    },
  }
}
