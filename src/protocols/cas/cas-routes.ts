import type Router from '@koa/router'
import type { Context } from 'koa'
import type { Client } from '../../clients/clients.ts'
import { casBase } from '../../config/legacy-protocols.ts'
import { markRefused } from '../../guards/portal-budgets.ts'
import { addressShown } from '../../pages/reference.ts'
import { redirectTo } from '../../pages/redirect.ts'
import { Refusal } from '../../refusal/refusal.ts'
import { beginSignIn, openPortal, standingOf } from '../begin-sign-in.ts'
import type { LegacyDeps } from '../legacy-routes.ts'
import { parametersOf } from '../parameters.ts'
import { jsonAnswer, plainAnswer, xmlAnswer, type Outcome } from './answers.ts'
import { declinedPath } from './cas-answer.ts'
import { markOf } from './logged-in.ts'
import { addressOfService, readService } from './service.ts'
import { validate } from './validate.ts'

/** The portal of a service, with the registered address that the service belongs to. */
export interface FoundPortal {
  client: Client
  address: string
}

async function portalOf(
  { casPortals }: LegacyDeps,
  service: string,
  field: Addresses,
): Promise<FoundPortal | undefined> {
  for (const client of await casPortals()) {
    const address = addressOfService(service, field(client))
    if (address !== undefined) return { client, address }
  }
  return undefined
}

type Addresses = (client: Client) => readonly string[]
const ofLogin: Addresses = ({ redirect_uris }) => redirect_uris
const ofLogout: Addresses = ({ redirect_uris, post_logout_redirect_uris }) => [
  ...post_logout_redirect_uris,
  ...redirect_uris,
]

/** A switch of CAS is on where it is there (CAS Protocol 3.0.3 section 2.1.1). */
const isOn = (value: string | undefined) => value !== undefined && value !== 'false'

/** The endpoints of CAS (CAS Protocol 3.0.3 section 2). There is no proxy, no answer by POST and no script. */
export function casRoutes(router: Router, deps: LegacyDeps): void {
  router.get(`${casBase}/login`, async (ctx, next) => {
    const given = parametersOf(ctx)
    if (!given) throw new Refusal('request_invalid', 'a parameter is repeated or too long')
    const { service: text } = given
    if (!text) return redirectTo(ctx, '/account')
    const service = readService(text)
    const found = service === undefined ? undefined : await portalOf(deps, service, ofLogin)
    if (service === undefined || !found) throw new Refusal('not_found', `no service ${addressShown(text)}`)
    const client = openPortal(ctx, found.client, { protocol: 'cas', now: deps.clock() })
    if (!client) return undefined
    const renew = isOn(given['renew'])
    const prompt = renew ? 'login' : isOn(given['gateway']) ? 'none' : undefined
    const nonce = markOf({ begunAt: Math.floor(deps.clock() / 1000), service })
    return beginSignIn(ctx, next, { client, redirectUri: found.address, state: service, prompt, nonce })
  })

  router.get(declinedPath, () => {
    throw new Refusal('legacy_declined')
  })

  router.get(`${casBase}/logout`, async (ctx) => {
    const { service: text, url } = parametersOf(ctx) ?? {}
    const service = readService(text ?? url ?? '')
    const found = service === undefined ? undefined : await portalOf(deps, service, ofLogout)
    if (!found) return redirectTo(ctx, '/logout')
    const back = { client_id: found.client.id, post_logout_redirect_uri: found.address }
    return redirectTo(ctx, `/logout?${new URLSearchParams(back).toString()}`)
  })

  router.get(`${casBase}/validate`, async (ctx) => {
    ctx.type = 'text/plain; charset=utf-8'
    ctx.body = plainAnswer(await outcomeOf(deps, ctx))
  })
  router.get(`${casBase}/serviceValidate`, async (ctx) => {
    const outcome = await outcomeOf(deps, ctx)
    answer(ctx, 'user' in outcome ? { ...outcome, attributes: undefined } : outcome)
  })
  router.get(`${casBase}/p3/serviceValidate`, async (ctx) => answer(ctx, await outcomeOf(deps, ctx)))
}

async function outcomeOf(deps: LegacyDeps, ctx: Context): Promise<Outcome> {
  const outcome = await validated(deps, ctx)
  if ('code' in outcome) markRefused(ctx.req)
  return outcome
}

async function validated(deps: LegacyDeps, ctx: Context): Promise<Outcome> {
  const { service, ticket, renew } = parametersOf(ctx) ?? {}
  if (!service || !ticket)
    return { code: 'INVALID_REQUEST', description: 'service and ticket are needed, each once and not too long.' }
  const read = readService(service)
  const found = read === undefined ? undefined : await portalOf(deps, read, ofLogin)
  const speaks = standingOf(found?.client, 'cas', deps.clock()) === 'open'
  return validate(deps, ctx, { asked: { service, ticket, renew: isOn(renew) }, found: speaks ? found : undefined })
}

function answer(ctx: Context, outcome: Outcome): void {
  if (String(ctx.query['format']).toUpperCase() === 'JSON') {
    ctx.body = jsonAnswer(outcome)
    return
  }
  ctx.type = 'application/xml; charset=utf-8'
  ctx.body = xmlAnswer(outcome)
}
