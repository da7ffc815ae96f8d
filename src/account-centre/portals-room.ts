import type { Consents, Granted } from '../accounts/consents.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Client, Clients } from '../clients/clients.ts'
import type { AccountRouter } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountHost } from '../login/method.ts'
import { attributesOf } from '../oidc/claims.ts'
import { mayExchange } from '../oidc/client-metadata.ts'
import { dutiesOf, portalOf } from '../oidc/pages.ts'
import { representeeScope } from '../representation/selection.ts'
import { wordedScope, type Resources } from '../oidc/resources.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { doneOf, redirectTo, idOf } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { ownClientId } from './own-client.ts'

export interface PortalsDeps {
  centre: AccountHost
  consents: Consents
  clients: Clients
  sessions: Sessions
  resources: Resources
  audit: AuditLog
}

const room = '/account/portals'

const gone = {
  name: '',
  host: '',
  organisation: '',
  region: '',
  purpose: '',
  privacyUri: '',
  contact: '',
  retention: '',
}

/** The portals the person used: what each received and when, and the withdrawal of consent. */
export function portalsRoutes(router: AccountRouter, deps: PortalsDeps): void {
  const { centre, consents, clients, sessions, resources, audit } = deps

  router.get(room, 'sign-in', async (ctx, account) => {
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
          ...(client ? { ...portalOf(client, language), ...dutiesOf(client) } : gone),
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

  // a withdrawal needs no fresh sign-in: the portal only receives less
  router.post(`${room}/:id/withdraw`, { back: room, needs: 'sign-in' }, async (ctx, account) => {
    const { id } = account.person
    // the consent goes first: a sign-in in between asks for it again
    const withdrawn = await consents.withdraw(id, idOf(ctx), actorOf(ctx))
    if (!withdrawn) throw new Refusal('not_found', 'nothing was given to this portal')
    await sessions.revoke(id, idOf(ctx))
    redirectTo(ctx, `${room}?done=withdrawn`)
  })
}

/** The APIs that a portal with `consent: implicit` reaches by the scopes of its last request. */
function unasked(client: Client, scopes: readonly string[], resources: Resources): Granted['resources'] {
  if (client.consent !== 'implicit') return {}
  const byExchange = scopes.includes(representeeScope) && mayExchange(client)
  const reached = client.resources.map((resource) => {
    const known = Object.keys(resources[resource]?.scopes ?? {})
    return [resource, byExchange ? known : known.filter((scope) => scopes.includes(scope))] as const
  })
  return Object.fromEntries(reached)
}
