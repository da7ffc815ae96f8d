import { errors, type Grant, type KoaContextWithOIDC } from 'oidc-provider'
import type { Representation } from '../accounts/mandates/representations.ts'
import { revokeGrant } from '../sessions/revoke-grant.ts'
import { bindGrant, findBound, holdingOf, isForOther, unbindGrant, type Bound } from './grant-bindings.ts'
import { selectChoice, type Selection, type SelectionDeps } from './selection.ts'

export interface Representees {
  /** Whether the person must be asked for whom they act. */
  mustAsk(ctx: KoaContextWithOIDC): Promise<boolean>
  /** The principal of this request, when the person acts for another. */
  chosen(ctx: KoaContextWithOIDC): Promise<Representation | undefined>
  /** The grant for the chosen principal. When the principal changed, the old grant is revoked and undefined is returned. */
  rebind(ctx: KoaContextWithOIDC, existing: Grant | undefined): Promise<Grant | undefined>
  /** Stores the chosen principal of a new grant. */
  bind(ctx: KoaContextWithOIDC, grant: Grant): Promise<void>
  /**
   * The principal that a token of this grant speaks for. Undefined: the person alone. `ended`: the mandate is over.
   * @throws TemporarilyUnavailable when the register does not answer
   */
  actingBy(grantId: string, personId: string): Promise<Representation | 'ended' | undefined>
}

export interface RepresenteesDeps extends SelectionDeps {
  /** Seconds: as long as a grant can live. */
  lifetime: number
}

export function createRepresentees(deps: RepresenteesDeps): Representees {
  const { artifacts } = deps
  /** One selection per request: several hooks of oidc-provider need it. */
  const selections = new WeakMap<object, Promise<Selection>>()
  const selectionOf = (ctx: KoaContextWithOIDC) => {
    let found = selections.get(ctx.oidc)
    if (!found) {
      found = selectChoice(deps, ctx)
      selections.set(ctx.oidc, found)
    }
    return found
  }

  return {
    mustAsk: async (ctx) => (await selectionOf(ctx)).open,
    async chosen(ctx) {
      const selection = await selectionOf(ctx)
      return selection.open ? undefined : (selection.choice ?? undefined)
    },
    rebind: async (ctx, existing) => rebind(deps, existing, boundBy(ctx, await selectionOf(ctx))),
    async bind(ctx, grant) {
      const bound = boundBy(ctx, await selectionOf(ctx))
      if (bound) await bindGrant(artifacts, grant.jti, bound, deps.lifetime)
    },
    actingBy: (grantId, personId) => actingBy(deps, grantId, personId),
  }
}

/** Undefined while the question is open, and for a portal that does not ask. */
function boundBy({ oidc }: KoaContextWithOIDC, selection: Selection): Bound | undefined {
  if (selection.open || selection.choice === undefined) return undefined
  const { choice } = selection
  return {
    principalId: choice?.view.id ?? null,
    personId: oidc.account?.accountId ?? '',
    clientId: oidc.client?.clientId ?? '',
    sessionUid: oidc.session?.uid ?? '',
    relation: choice?.granted?.relation ?? 'self',
    mandateIds: choice?.granted?.mandates.map(({ id }) => id) ?? [],
  }
}

async function rebind(
  { artifacts, lifetime }: RepresenteesDeps,
  existing: Grant | undefined,
  wanted: Bound | undefined,
): Promise<Grant | undefined> {
  if (!existing || !wanted) return existing
  const bound = await findBound(artifacts, existing.jti)
  if (
    (bound?.principalId ?? null) === wanted.principalId &&
    (!bound || !isForOther(bound) || sameBasis(bound, wanted))
  ) {
    if (!bound) await bindGrant(artifacts, existing.jti, wanted, lifetime)
    return existing
  }
  // tokens of one principal must never speak for another
  await revokeGrant(artifacts, existing.jti)
  await unbindGrant(artifacts, existing.jti)
  return undefined
}

const sameBasis = (one: Bound, other: Bound) =>
  one.relation === other.relation && one.mandateIds.join() === other.mandateIds.join()

async function actingBy({ artifacts, representations, audit }: RepresenteesDeps, grantId: string, personId: string) {
  const bound = await findBound(artifacts, grantId)
  if (!bound || !isForOther(bound)) return undefined
  if (bound.personId !== personId) return 'ended'
  const holding = holdingOf(bound, await representations.find(personId, bound.principalId))
  if (holding.state === 'holds') return holding.representation
  const details = { principal: bound.principalId, why: holding.state }
  await audit.record({
    event: 'representee.refused',
    actor: 'portal',
    personId,
    clientId: bound.clientId,
    details,
  })
  if (holding.state === 'ended') return 'ended'
  throw new errors.TemporarilyUnavailable('the business register cannot be asked now')
}
