import type { Context, Middleware } from 'koa'
import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import { readText } from '../pages/bodies.ts'
import { Refusal } from '../refusal/refusal.ts'

/** In bytes. The redirect puts the form into an address, and an address is part of the headers. */
const mostBytes = 16 * 1024

/**
 * The fields of a form that a portal posted, repeated ones too.
 * @throws Refusal `unsupported_media_type`, `too_large`, `bad_request`
 */
export async function postedFields(ctx: Context): Promise<URLSearchParams> {
  const text = await readText(ctx.req, mostBytes)
  if (text !== '' && !ctx.is('application/x-www-form-urlencoded')) throw new Refusal('unsupported_media_type')
  return withinBounds(new URLSearchParams(text))
}

function withinBounds(fields: URLSearchParams): URLSearchParams {
  if (Buffer.byteLength(fields.toString()) > mostBytes) throw new Refusal('too_large')
  return fields
}

/** The browser fetches this path of ours by GET. */
export function answerByGet(ctx: Context, path: string, fields: URLSearchParams): void {
  ctx.status = 303
  ctx.redirect(`${path}?${fields.toString()}`)
}

/** Parameters that may name a person. A portal posts it to keep it out of addresses, which proxies log. */
const personal = new Set(['id_token_hint', 'login_hint', 'representee_hint', 'claims', 'request'])
const sealedParameter = 'yideng_posted'
const aad = 'posted-authorization'
/** The browser follows at once. */
const secondsToFollow = 60
const sealedSchema = z.tuple([z.number(), z.array(z.tuple([z.string(), z.string()]))])

export interface PostedDeps {
  cipher: FieldCipher
  clock: Clock
}

/**
 * An authorization request by POST (OpenID Connect Core section 3.1.2.1) goes on as the same request by GET. A browser
 * sends no `SameSite=Lax` cookie with a form of another site, but it does with the GET. So no cookie is read or set before.
 * What names a person is sealed in the address, and stored nowhere.
 */
export function postedAuthorizations(deps: PostedDeps): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/authorize') return next()
    if (ctx.method === 'POST') {
      answerByGet(ctx, '/authorize', withoutPersons(deps, await postedFields(ctx)))
      return undefined
    }
    if (ctx.query[sealedParameter] !== undefined) ctx.querystring = withPersons(deps, ctx.querystring).toString()
    return next()
  }
}

function withoutPersons({ cipher, clock }: PostedDeps, fields: URLSearchParams): URLSearchParams {
  const [named, rest] = [true, false].map((is) => [...fields].filter(([name]) => personal.has(name) === is))
  if (!named?.length) return fields
  const kept = new URLSearchParams(rest)
  kept.set(sealedParameter, cipher.seal(JSON.stringify([clock() + secondsToFollow * 1000, named]), aad))
  return withinBounds(kept)
}

/** A request is never shortened: without its hint it could give a code for another person. */
function withPersons({ cipher, clock }: PostedDeps, query: string): URLSearchParams {
  const asked = new URLSearchParams(query)
  const [sealed = '', ...more] = asked.getAll(sealedParameter)
  if (more.length > 0) throw new Refusal('bad_request')
  const [until, named] = open(cipher, sealed)
  if (clock() >= until) throw new Refusal('login_expired')
  asked.delete(sealedParameter)
  for (const [name, value] of named) asked.append(name, value)
  return asked
}

function open(cipher: FieldCipher, sealed: string) {
  try {
    return sealedSchema.parse(JSON.parse(cipher.open(sealed, aad)))
  } catch {
    // any text of a stranger
    throw new Refusal('bad_request')
  }
}
