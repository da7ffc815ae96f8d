import { errors, type Grant, type KoaContextWithOIDC } from 'oidc-provider'
import type { Representation, Representations } from '../accounts/mandates/representations.ts'
import type { RepresenteeChoices } from '../accounts/representee-choices.ts'
import { levelOf } from '../assurance/levels.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Client } from '../clients/clients.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { isForOther, type Bound, type RepresenteeBook } from './representee-book.ts'
import { revokeGrant } from '../sessions/revoke-grant.ts'

/** The question "for whom", its prompt, its interaction result and the scope that asks for it. */
export const selectRepresentee = 'select_representee'
export const representeeScope = 'representee'

/** The level of a sign-in that somebody may act for another by. */
export const levelToAct = 3

/** What an authorization request has come to about for whom it is. */
type Settled =
  | { open: true }
  /** Null: for themself. Undefined: the portal does not ask. */
  | { open: false; choice: Representation | null | undefined }

export interface Representees {
  /** Whether the person has to be asked for whom they act. */
  mustAsk(ctx: KoaContextWithOIDC): Promise<boolean>
  /** For whom the request has come to be, where that is somebody else than the person. */
  chosen(ctx: KoaContextWithOIDC): Promise<Representation | undefined>
  /** The grant for whom the request has come to be: another one than before where that changed, the old one revoked. */
  rebind(ctx: KoaContextWithOIDC, existing: Grant | undefined): Promise<Grant | undefined>
  /** Notes for whom a new grant is. */
  bind(ctx: KoaContextWithOIDC, grant: Grant): Promise<void>
  /**
   * For whom a token of this grant speaks: undefined for the person alone, `ended` where it may speak no more.
   * @throws TemporarilyUnavailable when the register cannot be asked
   */
  actingBy(grantId: string, personId: string): Promise<Representation | 'ended' | undefined>
}

export function createRepresentees(options: {
  representations: Representations
  book: RepresenteeBook
  choices: RepresenteeChoices
  artifacts: Artifacts
  audit: AuditLog
  findClient(id: string): Promise<Client | undefined>
}): Representees {
  const { representations, book, choices, artifacts, audit, findClient } = options
  const settled = new WeakMap<object, Promise<Settled>>()

  async function settle(ctx: KoaContextWithOIDC): Promise<Settled> {
    const { oidc } = ctx
    const { client, session, account } = oidc
    if (!client || !session || !account || !oidc.requestParamScopes.has(representeeScope)) {
      return { open: false, choice: undefined }
    }
    const personId = account.accountId
    // a held account comes with level 2 (src/assurance/levels.ts) and acts for nobody meanwhile
    const proven = (levelOf(oidc.acr) ?? 2) >= levelToAct
    const required = (await findClient(client.clientId))?.representee === 'required'
    const take = async (principalId: string | null | undefined): Promise<Representation | null | undefined> => {
      if (principalId === null) return required ? undefined : null
      const found = principalId === undefined || !proven ? undefined : await representations.find(personId, principalId)
      return found?.granted && found
    }

    // what the question was answered with in this very login (src/login/questions/representee-question.ts)
    const answer = (oidc.result?.[selectRepresentee] as { principal?: string } | undefined)?.principal
    if (answer !== undefined) {
      const choice = await take(answer === 'self' ? null : answer)
      return choice === undefined ? { open: true } : { open: false, choice }
    }
    if (oidc.promptPending(selectRepresentee)) return { open: true }

    const grantId = session.grantIdFor(client.clientId)
    const bound = grantId ? await book.ofGrant(grantId) : undefined
    const known = bound?.personId === personId ? bound.principalId : await choices.find(personId, client.clientId)
    const choice = await take(known)
    const hint = oidc.params?.['representee_hint']
    if (typeof hint === 'string') {
      const all = proven ? await representations.of(personId) : []
      const meant = all.find(({ view }) => view.id === hint || view.uscc === hint)
      // the same for one that is not there and one that is not theirs: they are asked
      if (!meant?.granted) {
        const about = {
          actor: 'portal',
          personId,
          clientId: client.clientId,
          details: { parameter: 'representee_hint' },
        }
        await audit.record({ event: 'representee.refused', ...about })
      }
      // who can act for nobody now has nothing to choose, whatever is hinted
      if (!proven && !required) return { open: false, choice: null }
      if (!meant?.granted || choice?.view.id !== meant.view.id) return { open: true }
    }
    if (choice !== undefined) return { open: false, choice }
    // nobody to choose between: there is nothing to ask
    const nobody = !required && (!proven || (known === undefined && (await representations.of(personId)).length === 0))
    return nobody ? { open: false, choice: null } : { open: true }
  }

  const settledOf = (ctx: KoaContextWithOIDC) => {
    let found = settled.get(ctx.oidc)
    if (!found) {
      found = settle(ctx)
      settled.set(ctx.oidc, found)
    }
    return found
  }

  const boundBy = (ctx: KoaContextWithOIDC, choice: Representation | null): Bound => ({
    principalId: choice?.view.id ?? null,
    personId: ctx.oidc.account?.accountId ?? '',
    clientId: ctx.oidc.client?.clientId ?? '',
    sessionUid: ctx.oidc.session?.uid ?? '',
    relation: choice?.granted?.relation ?? 'self',
    mandateIds: choice?.granted?.mandates.map(({ id }) => id) ?? [],
  })

  return {
    mustAsk: async (ctx) => (await settledOf(ctx)).open,

    async chosen(ctx) {
      const now = await settledOf(ctx)
      return now.open ? undefined : (now.choice ?? undefined)
    },

    async rebind(ctx, existing) {
      const now = await settledOf(ctx)
      if (!existing || now.open || now.choice === undefined) return existing
      const bound = await book.ofGrant(existing.jti)
      const wanted = boundBy(ctx, now.choice)
      const same =
        (bound?.principalId ?? null) === wanted.principalId &&
        (bound === undefined || !isForOther(bound) || sameGround(bound, wanted))
      if (same) {
        if (!bound) await book.bind(existing.jti, wanted)
        return existing
      }
      // nothing that was given for one may go on speaking for another
      await revokeGrant(artifacts, existing.jti)
      await book.release(existing.jti)
      return undefined
    },

    async bind(ctx, grant) {
      const now = await settledOf(ctx)
      if (!now.open && now.choice !== undefined) await book.bind(grant.jti, boundBy(ctx, now.choice))
    },

    async actingBy(grantId, personId) {
      const bound = await book.ofGrant(grantId)
      if (!bound || !isForOther(bound)) return undefined
      if (bound.personId !== personId) return 'ended'
      const holding = await book.holding(bound)
      if (holding.state === 'holds') return holding.representation
      const details = { principal: bound.principalId, why: holding.state }
      const about = { actor: 'portal', personId, clientId: bound.clientId, details }
      await audit.record({ event: 'representee.refused', ...about })
      if (holding.state === 'ended') return 'ended'
      throw new errors.TemporarilyUnavailable('the business register cannot be asked now')
    },
  }
}

const sameGround = (one: Bound, other: Bound) =>
  one.relation === other.relation && one.mandateIds.join() === other.mandateIds.join()
