import type { Consents, Granted } from '../accounts/consents.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Client, Clients } from '../clients/clients.ts'
import { actorOf } from '../login/host.ts'
import type { AccountHost, Router } from '../login/method.ts'
import { attributesOf } from '../oidc/claims.ts'
import { mayExchange } from '../oidc/client-metadata.ts'
import { portalOf } from '../oidc/pages.ts'
import { representeeScope } from '../representation/selection.ts'
import { wordedScope, type Resources } from '../oidc/resources.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { doneOf, redirectTo, idOf } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { ownClientId } from './own-client.ts'

export interface PortalsDeps {
  consents: Consents
  clients: Clients
  sessions: Sessions
  resources: Resources
  audit: AuditLog
}

const room = '/account/portals'

/** Portals I used: what each received and when, and taking it back. */
export function portalsRoutes(router: Router, centre: AccountHost, deps: PortalsDeps): void {
  const { consents, clients, sessions, resources, audit } = deps

  router.get(room, async (ctx) => {
    const account = await centre.enter(ctx)
    if (!account) return
    const { language } = requestOf(ctx)
    const given = new Map((await consents.list(account.person.id)).map((one) => [one.clientId, one]))
    const entered = new Map((await audit.lastEntered(account.person.id)).map((one) => [one.clientId, one]))
    const ids = [...new Set([...given.keys(), ...entered.keys()])].filter((id) => id !== ownClientId)
    const portals = await Promise.all(
      ids.map(async (id) => {
        const client = await clients.find(id)
        const consent = given.get(id)
        const last = entered.get(id)
        const { scopes = [], claims = [] } = consent?.granted ?? {}
        const apis = consent?.granted.resources ?? (client && unasked(client, last?.scopes ?? [], resources)) ?? {}
        return {
          id,
          ...(client ? portalOf(client, language) : { name: '', host: '', organisation: '', region: '' }),
          attributes: attributesOf([...scopes, ...(last?.scopes ?? [])], claims),
          permissions: Object.entries(apis).flatMap(([api, inside]) =>
            inside.map((scope) => wordedScope(resources, api, scope, language)),
          ),
          givenAt: consent?.givenAt ?? 0,
          enteredAt: last?.at ?? 0,
        }
      }),
    )
    portals.sort((one, other) => other.enteredAt - one.enteredAt)
    await centre.show(ctx, account, 'account/portals', { portals, done: doneOf(ctx, ['withdrawn']) })
  })

  // giving less away needs no fresh sign-in
  router.post(`${room}/:id/withdraw`, async (ctx) => {
    requestOf(ctx).returnTo = room
    const account = await centre.enter(ctx)
    if (!account) return
    const { id } = account.person
    // first the consent: a sign-in that comes in between then asks again
    const withdrawn = await consents.withdraw(id, idOf(ctx), actorOf(ctx))
    if (!withdrawn) throw new Refusal('not_found', 'nothing was given to this portal')
    await sessions.revoke(id, idOf(ctx))
    redirectTo(ctx, `${room}?done=withdrawn`)
  })
}

/** The APIs that a portal which need not ask (`consent: implicit`) reaches with the scopes it last came for. */
function unasked(client: Client, scopes: readonly string[], resources: Resources): Granted['resources'] {
  if (client.consent !== 'implicit') return {}
  const byExchange = scopes.includes(representeeScope) && mayExchange(client)
  const reached = client.resources.map((resource) => {
    const known = Object.keys(resources[resource]?.scopes ?? {})
    return [resource, byExchange ? known : known.filter((scope) => scopes.includes(scope))] as const
  })
  return Object.fromEntries(reached)
}
