import type Router from '@koa/router'
import type { Context } from 'koa'
import type { TifProfile } from '../../config/legacy-protocols.ts'
import { Refusal } from '../../refusal/refusal.ts'
import { beginSignIn, openPortal } from '../begin-sign-in.ts'
import type { LegacyDeps } from '../legacy-routes.ts'
import { parametersOf } from '../parameters.ts'
import { giveToken, giveTokenInfo } from './tif-calls.ts'
import { answerSignedCall } from './tif-signed-call.ts'

/** The endpoints of one profile of the earlier OAuth2 of a province (config/tif). */
export function tifRoutes(router: Router, profile: TifProfile, deps: LegacyDeps): void {
  const { base, protocol, service, oneOffCode } = profile

  router.get(`${base}/authorize`, async (ctx, next) => {
    const given = parametersOf(ctx)
    if (!given) throw new Refusal('request_invalid', 'a parameter is repeated or too long')
    const { client_id: id = '', redirect_uri: redirectUri = '', state } = given
    const client = openPortal(ctx, await deps.findRegistered(id), { protocol, now: deps.clock() })
    if (!client) return
    // compared as text: no two spellings of an address are the same one
    if (!client.redirect_uris.includes(redirectUri)) throw new Refusal('redirect_uri_mismatch')
    if (given['response_type'] !== 'code') throw new Refusal('request_invalid', 'response_type must be code')
    if (given['scope'] !== 'all') throw new Refusal('request_invalid', 'scope must be all')
    if (given['service'] !== service) throw new Refusal('request_invalid', `service must be ${service}`)
    await beginSignIn(ctx, next, { client, redirectUri, state })
  })

  call(router, `${base}/access_token`, (ctx) => giveToken(ctx, profile, deps))
  call(router, `${base}/tokeninfo`, (ctx) => giveTokenInfo(ctx, profile, deps))
  if (oneOffCode !== undefined) router.post(oneOffCode, (ctx) => answerSignedCall(ctx, profile, deps))
}

/** A call by GET, with secrets in its query. A HEAD would use them up. */
function call(router: Router, path: string, answer: (ctx: Context) => Promise<void>): void {
  router.get(path, (ctx) => {
    if (ctx.method === 'GET') return answer(ctx)
    ctx.status = 405
    return undefined
  })
}
