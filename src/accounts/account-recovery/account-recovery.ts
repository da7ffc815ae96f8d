import type { NewAuthenticator } from '../authenticators.ts'
import type { Actor, NaturalPerson } from '../natural-persons.ts'
import type { Pass, RecoveryDeps } from './pass.ts'
import { checkPhone } from './phone-pass.ts'
import { recover, type Recovered } from './recover.ts'
import {
  checkCode,
  codesWereOffered,
  countCodes,
  decoyData,
  markOffered,
  replaceCodes,
  voidCodes,
} from './recovery-codes.ts'
import { checkLink, replaceLink } from './recovery-links.ts'
import { checkStop, isResting, stopRecovery, type StopLink } from './recovery-stops.ts'

export { passKinds, type Pass } from './pass.ts'
export type { StopLink } from './recovery-stops.ts'

/** Recovery of an account whose password is forgotten (NIST SP 800-63B). Nothing here reveals whether an account exists. */
export interface Recovery {
  /** Ten new codes, readable in this answer only; all earlier codes end. */
  makeCodes(personId: string, by: Actor): Promise<string[]>
  /** Ends all codes of a person. False where there are none. */
  voidCodes(personId: string, by: Actor): Promise<boolean>
  codesLeft(personId: string): Promise<number>
  /** Spends nothing. Does the same work for a right code, a wrong one, and no account (undefined). */
  checkCode(personId: string | undefined, typed: string): Promise<Pass | undefined>
  /**
   * What a right code to this phone is worth; spends nothing, and does the same work for a phone that recovers nothing.
   * @param person found by the document number
   * @param phone E.164
   */
  checkPhone(person: NaturalPerson | undefined, phone: string): Promise<Pass | undefined>
  /** @param options.counter a clerk checked the person's document: the account is not held afterwards */
  makeLink(
    personId: string,
    options: { counter: boolean },
    by: Actor,
  ): Promise<{ token: string; expiresAt: number } | undefined>
  /** Spends nothing: a program that previews links in messages must not use it up. */
  checkLink(token: string): Promise<Pass | undefined>
  /**
   * Spends the pass and sets a new authenticator in place of the one of its kind, in one transaction. Of several holders of one
   * pass exactly one succeeds. Undefined when the pass is spent or expired, or the account not active. All sign-ins end.
   */
  recover(pass: Pass, authenticator: NewAuthenticator, by: Actor): Promise<Recovered | undefined>
  /** Whether this person has codes, or was asked once whether they want some. */
  codesWereOffered(personId: string): Promise<boolean>
  /** @returns false where codes were offered before */
  markCodesOffered(personId: string): Promise<boolean>
  /** Whether a recovery was stopped in the last days: then only what sees the person recovers. */
  rests(personId: string): Promise<boolean>
  /** Changes nothing. Undefined for an unknown token, or after the hold of its recovery. */
  checkStop(token: string): Promise<StopLink | undefined>
  /**
   * Ends all sign-ins and restores password, passkeys and hold of before the recovery, once. Afterwards codes, phones and plain
   * links recover nothing for a week: a thief who has several cannot go on. A face, a passkey and the counter still do.
   * @returns false where the link was used, or is over.
   * @throws Refusal `busy` where an authenticator changes at the same time
   */
  stop(link: Pick<StopLink, 'personId' | 'key'>, by: Actor): Promise<boolean>
}

export function createRecovery(deps: RecoveryDeps): Recovery {
  const { database } = deps
  const decoy = decoyData(deps.blindIndex)
  return {
    makeCodes: (personId, by) =>
      database.transaction().execute((transaction) => replaceCodes(deps, transaction, personId, by)),
    voidCodes: (personId, by) =>
      database.transaction().execute((transaction) => voidCodes(deps, transaction, personId, by)),
    codesLeft: (personId) => countCodes(deps, personId),
    checkCode: (personId, typed) => checkCode(deps, decoy, personId, typed),
    makeLink: (personId, options, by) =>
      database.transaction().execute((transaction) => replaceLink(deps, transaction, personId, options, by)),
    checkPhone: (person, phone) => checkPhone(deps, person, phone),
    checkLink: (token) => checkLink(deps, token),
    recover: (pass, authenticator, by) => recover(deps, pass, authenticator, by),
    codesWereOffered: (personId) => codesWereOffered(deps, personId),
    markCodesOffered: (personId) => markOffered(deps, personId),
    rests: (personId) => isResting(deps, personId),
    checkStop: (token) => checkStop(deps, token),
    stop: (link, by) => stopRecovery(deps, link, by),
  }
}
