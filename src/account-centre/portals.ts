import type { Consents, Granted } from '../accounts/consents.ts'
import type { AuditTrail } from '../audit/trail.ts'
import type { Client, Clients } from '../clients/clients.ts'
import { actorOf } from '../login/host.ts'
import type { AccountHost, Router } from '../login/method.ts'
import { attributesOf } from '../oidc/claims.ts'
import { mayExchange } from '../oidc/client-metadata.ts'
import { portalOf } from '../oidc/pages.ts'
import { representeeScope } from '../oidc/representee.ts'
import { wordedScope, type Resources } from '../oidc/resources.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { doneOf, goTo, idOf } from '../pages/going.ts'
import { visitOf } from '../pages/visit.ts'
import { Refusal } from '../refusal/refusal.ts'
import { ownClientId } from './own-client.ts'

export interface PortalsParts {
  consents: Consents
  clients: Clients
  sessions: Sessions
  resources: Resources
  audit: AuditTrail
}

const room = '/account/portals'

/** Portals I used: what each received and when, and taking it back. */
export function portalsRoutes(router: Router, centre: AccountHost, parts: PortalsParts): void {
  const { consents, clients, sessions, resources, audit } = parts

  router.get(room, async (ctx) => {
    const visit = await centre.visit(ctx)
    if (!visit) return
    const { language } = visitOf(ctx)
    const given = new Map((await consents.list(visit.person.id)).map((one) => [one.clientId, one]))
    const entered = new Map((await audit.lastEntered(visit.person.id)).map((one) => [one.clientId, one]))
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
    await centre.show(ctx, visit, 'account/portals', { portals, done: doneOf(ctx, ['withdrawn']) })
  })

  // giving less away needs no fresh sign-in
  router.post(`${room}/:id/withdraw`, async (ctx) => {
    visitOf(ctx).back = room
    const visit = await centre.visit(ctx)
    if (!visit) return
    const { id } = visit.person
    // first the consent: a sign-in that comes in between then asks again
    const withdrawn = await consents.withdraw(id, idOf(ctx), actorOf(ctx))
    if (!withdrawn) throw new Refusal('not_found', 'nothing was given to this portal')
    await sessions.revoke(id, idOf(ctx))
    goTo(ctx, `${room}?done=withdrawn`)
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
