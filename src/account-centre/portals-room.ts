import type { Consents, Granted } from '../accounts/consents.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Client, Clients } from '../clients/clients.ts'
import type { AccountRouter } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountContext, AccountHost, RouterContext } from '../login/method.ts'
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
import type { SessionMemoryDeps } from './session-memory.ts'
import { forgetLost, lostIdOf, lostUnder, rememberLost } from './undo-memory.ts'

export interface PortalsDeps extends SessionMemoryDeps {
  centre: AccountHost
  consents: Consents
  clients: Clients
  sessions: Sessions
  resources: Resources
  audit: AuditLog
}

const room = '/account/portals'
const route = { back: room, needs: 'sign-in' } as const
const done = ['withdrawn', 'given_again', 'late']

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
    const withdrawn = await consents.withdrawn(account.person.id)
    const entered = new Map((await audit.lastEntered(account.person.id)).map((one) => [one.clientId, one]))
    const ids = [...new Set([...given.keys(), ...entered.keys(), ...withdrawn.keys()])].filter(
      (id) => id !== ownClientId,
    )
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
          withdrawnAt: consent ? 0 : (withdrawn.get(id) ?? 0),
          unasked: client?.consent === 'implicit',
        }
      }),
    )
    portals.sort((one, other) => other.enteredAt - one.enteredAt)
    const lost = doneOf(ctx, ['withdrawn']) && (await lostUnder(deps, account, lostIdOf(ctx), 'consent'))
    const undo = lost ? lost.clientId : ''
    await centre.show(ctx, account, 'account/portals', { portals, done: doneOf(ctx, done), undo })
  })

  async function ask(ctx: RouterContext, { person }: AccountContext) {
    if (!(await consents.find(person.id, idOf(ctx)))) throw new Refusal('not_found', 'nothing was given to this portal')
    const request = requestOf(ctx)
    const client = await clients.find(idOf(ctx))
    return {
      kind: 'consent',
      values: { portal: client ? portalOf(client, request.language).name : request.t('portals.gone') },
    }
  }

  // a withdrawal needs no fresh sign-in: the portal only receives less
  router.lose(`${room}/:id/withdraw`, { ...route, ask }, async (ctx, account) => {
    const { id } = account.person
    // the consent goes first: a sign-in in between asks for it again
    const withdrawn = await consents.withdraw(id, idOf(ctx), actorOf(ctx))
    if (!withdrawn) throw new Refusal('not_found', 'nothing was given to this portal')
    await sessions.revoke(id, idOf(ctx))
    await rememberLost(deps, account, idOf(ctx), { type: 'consent', clientId: idOf(ctx), granted: withdrawn })
    redirectTo(ctx, `${room}?done=withdrawn&undo=${encodeURIComponent(idOf(ctx))}`)
  })

  // the same consent, as a new one; the portal stays signed out
  router.post(`${room}/:id/again`, route, async (ctx, account) => {
    const lost = await lostUnder(deps, account, idOf(ctx), 'consent')
    if (!lost) return redirectTo(ctx, `${room}?done=late`)
    await consents.give(account.person.id, lost.clientId, lost.granted, actorOf(ctx))
    await forgetLost(deps, account, idOf(ctx))
    return redirectTo(ctx, `${room}?done=given_again`)
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
