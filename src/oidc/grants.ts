import type { Configuration, Grant, KoaContextWithOIDC } from 'oidc-provider'
import type { Consents, Granted } from '../accounts/consents.ts'
import type { Client } from '../clients/clients.ts'
import { leaveOutOfflineAccess } from './offline-access.ts'
import { withinRegistration } from './registered.ts'
import type { Representees } from '../representation/representees.ts'

/** The scopes, claims and APIs that this request asks for. */
function requested({ oidc }: KoaContextWithOIDC): Granted {
  const scopes = [...oidc.requestParamScopes]
  const resources = Object.entries(oidc.resourceServers ?? {}).map(([indicator, server]) => {
    const known = new Set(server.scope.split(' '))
    return [indicator, scopes.filter((scope) => known.has(scope))] as const
  })
  return {
    scopes: [...oidc.requestParamOIDCScopes],
    claims: [...oidc.requestParamClaims],
    resources: Object.fromEntries(resources.filter(([, inside]) => inside.length > 0)),
  }
}

const within = (wanted: readonly string[], given: readonly string[]) => wanted.every((one) => given.includes(one))

function covers(grant: Grant, wanted: Granted): boolean {
  return (
    within(wanted.scopes, grant.getOIDCScope().split(' ')) &&
    within(wanted.claims, grant.getOIDCClaims()) &&
    Object.entries(wanted.resources).every(([resource, scopes]) =>
      within(scopes, grant.getResourceScope(resource).split(' ')),
    )
  )
}

function add(grant: Grant, granted: Granted): void {
  if (granted.scopes.length > 0) grant.addOIDCScope(granted.scopes.join(' '))
  if (granted.claims.length > 0) grant.addOIDCClaims(granted.claims)
  for (const [resource, scopes] of Object.entries(granted.resources)) grant.addResourceScope(resource, scopes.join(' '))
}

/**
 * The grant of this session for this portal. A grant that does not cover the request is extended from earlier consent.
 * Consent given on any device counts. A portal registered with `consent: implicit` needs none.
 */
export function createLoadGrant(
  consents: Consents,
  findClient: (id: string) => Promise<Client | undefined>,
  representees: Representees,
): NonNullable<Configuration['loadExistingGrant']> {
  return async (ctx) => {
    const grant = await load(ctx)
    const isOffline = grant?.getOIDCScope().split(' ').includes('offline_access')
    if (ctx.oidc.params?.['prompt'] === 'none' && !isOffline) leaveOutOfflineAccess(ctx)
    return grant
  }

  async function load(ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
    const { oidc } = ctx
    const { client, session, account, provider } = oidc
    if (!client || !session || !account) return undefined
    const wanted = requested(ctx)
    const grantId = session.grantIdFor(client.clientId)
    const known = grantId ? await provider.Grant.find(grantId) : undefined
    // a grant of another person comes from a session that changed its person: never reuse it
    const own = known?.accountId === account.accountId ? known : undefined
    // nor a grant for another principal
    const existing = await representees.rebind(ctx, own)
    if (existing && covers(existing, wanted)) return existing

    const registered = await findClient(client.clientId)
    const granted =
      registered?.consent === 'implicit' ? wanted : await consents.find(account.accountId, client.clientId)
    if (!registered || !granted) return existing
    const grant = existing ?? new provider.Grant({ accountId: account.accountId, clientId: client.clientId })
    add(grant, withinRegistration(granted, registered))
    await grant.save()
    // a withdrawal of consent in between could not find this grant: look again
    if (registered?.consent !== 'implicit' && !(await consents.find(account.accountId, client.clientId))) {
      await grant.destroy()
      return undefined
    }
    if (!existing) await representees.bind(ctx, grant)
    return grant
  }
}
