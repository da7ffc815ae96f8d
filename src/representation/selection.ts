import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Representation, Representations } from '../accounts/mandates/representations.ts'
import type { RepresenteeChoices } from '../accounts/representee-choices.ts'
import { levelOf } from '../assurance/levels.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Client } from '../clients/clients.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { findBound } from './grant-bindings.ts'

/** The question "for whom do you act?": its prompt and the name of its interaction result. */
export const selectRepresentee = 'select_representee'
/** The scope that makes a portal ask it. */
export const representeeScope = 'representee'

/** The assurance level that a person needs to act for another. */
export const levelToAct = 3

/** The principal of one authorization request. */
export type Selection =
  | { open: true }
  /** Null: the person acts for themself. Undefined: the portal does not ask. */
  | { open: false; choice: Representation | null | undefined }

export interface SelectionDeps {
  representations: Representations
  representeeChoices: RepresenteeChoices
  artifacts: Artifacts
  audit: AuditLog
  findClient(id: string): Promise<Client | undefined>
}

/** One person at one portal that asks for whom they act. */
interface Asked {
  personId: string
  clientId: string
  /** The level of the sign-in allows acting for others. */
  proven: boolean
  /** The portal serves representatives only. */
  required: boolean
}

/** Takes the answer of the person, else the principal of the existing grant, else the last choice at this portal. */
export async function selectChoice(deps: SelectionDeps, ctx: KoaContextWithOIDC): Promise<Selection> {
  const { oidc } = ctx
  const { client, session, account } = oidc
  if (!client || !session || !account || !oidc.requestParamScopes.has(representeeScope)) {
    return { open: false, choice: undefined }
  }
  const asked: Asked = {
    personId: account.accountId,
    clientId: client.clientId,
    // an account on hold has level 2 (src/assurance/levels.ts), so it acts for no other
    proven: (levelOf(oidc.acr) ?? 2) >= levelToAct,
    required: (await deps.findClient(client.clientId))?.representee === 'required',
  }

  // the answer to the question in this login (src/login/questions/representee-question.ts)
  const answer = (oidc.result?.[selectRepresentee] as { principal?: string } | undefined)?.principal
  if (answer !== undefined) {
    const choice = await allowedChoice(deps, asked, answer === 'self' ? null : answer)
    return choice === undefined ? { open: true } : { open: false, choice }
  }
  if (oidc.promptPending(selectRepresentee)) return { open: true }

  const known = await earlierChoice(deps, asked, session.grantIdFor(client.clientId))
  const hint = oidc.params?.['representee_hint']
  return selectWithoutAnswer(deps, asked, known, typeof hint === 'string' ? hint : undefined)
}

/** @param principalId null: for themself; undefined: no choice yet */
async function allowedChoice(
  { representations }: SelectionDeps,
  { personId, proven, required }: Asked,
  principalId: string | null | undefined,
): Promise<Representation | null | undefined> {
  if (principalId === null) return required ? undefined : null
  const found = principalId === undefined || !proven ? undefined : await representations.find(personId, principalId)
  return found?.granted && found
}

async function earlierChoice(
  { artifacts, representeeChoices }: SelectionDeps,
  { personId, clientId }: Asked,
  grantId: string | undefined,
) {
  const bound = grantId ? await findBound(artifacts, grantId) : undefined
  return bound?.personId === personId ? bound.principalId : representeeChoices.find(personId, clientId)
}

async function selectWithoutAnswer(
  deps: SelectionDeps,
  asked: Asked,
  known: string | null | undefined,
  hint: string | undefined,
): Promise<Selection> {
  const { representations } = deps
  const { personId, proven, required } = asked
  const choice = await allowedChoice(deps, asked, known)
  if (hint !== undefined) {
    const hinted = await findHinted(deps, asked, hint)
    // a person who can act for no other has nothing to choose, with any hint
    if (!proven && !required) return { open: false, choice: null }
    if (!hinted || choice?.view.id !== hinted.view.id) return { open: true }
  }
  if (choice !== undefined) return { open: false, choice }
  // without any principal to choose there is no question
  const alone = !required && (!proven || (known === undefined && (await representations.of(personId)).length === 0))
  return alone ? { open: false, choice: null } : { open: true }
}

/** The same answer for a principal that does not exist and for one that the person has no relation to. */
async function findHinted(
  { representations, audit }: SelectionDeps,
  { personId, clientId, proven }: Asked,
  hint: string,
): Promise<Representation | undefined> {
  const all = proven ? await representations.of(personId) : []
  const hinted = all.find(({ view }) => view.id === hint || view.uscc === hint)
  if (hinted?.granted) return hinted
  const details = { parameter: 'representee_hint' }
  await audit.record({ event: 'representee.refused', actor: 'portal', personId, clientId, details })
  return undefined
}
