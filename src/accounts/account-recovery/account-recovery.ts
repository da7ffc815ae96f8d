import type { NewAuthenticator } from '../authenticators.ts'
import type { Actor } from '../natural-persons.ts'
import type { Pass, RecoveryDeps } from './pass.ts'
import { recover, type Recovered } from './recover.ts'
import { checkCode, countCodes, decoyData, replaceCodes, voidCodes } from './recovery-codes.ts'
import { checkLink, replaceLink } from './recovery-links.ts'

export type { Pass } from './pass.ts'

/** Recovery of an account whose password is forgotten (NIST SP 800-63B). Nothing here reveals whether an account exists. */
export interface Recovery {
  /** Ten new codes, readable in this answer only; all earlier codes end. */
  makeCodes(personId: string, by: Actor): Promise<string[]>
  /** Ends all codes of a person. False where there are none. */
  voidCodes(personId: string, by: Actor): Promise<boolean>
  codesLeft(personId: string): Promise<number>
  /** Spends nothing. Does the same work for a right code, a wrong one, and no account (undefined). */
  checkCode(personId: string | undefined, typed: string): Promise<Pass | undefined>
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
    checkLink: (token) => checkLink(deps, token),
    recover: (pass, authenticator, by) => recover(deps, pass, authenticator, by),
  }
}
