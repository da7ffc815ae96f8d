import type { Context } from 'koa'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { registrationOf } from '../client-registrations.ts'
import type { LegacyAnswer } from '../legacy-requests.ts'
import { internalsOf } from './internals.ts'

/**
 * The address of an answer. The query of the registered address stays as it is, byte by byte, but for parameters of the
 * answer itself (RFC 6749 sections 3.1 and 3.1.2).
 * @internal
 */
export function answerAddress(uri: string, answer: Readonly<Record<string, string>>): string {
  const { href } = new URL(uri)
  const added = new URLSearchParams(answer).toString()
  if (added === '') return href
  const start = href.indexOf('?')
  if (start === -1) return `${href}?${added}`
  const kept = href
    .slice(start + 1)
    .split('&')
    .filter((part) => ![...new URLSearchParams(part).keys()].some((name) => Object.hasOwn(answer, name)))
    .join('&')
  return `${href.slice(0, start)}?${kept}${kept === '' || kept.endsWith('&') ? '' : '&'}${added}`
}

/** koa encodes a lone `%` of an address once more. */
export function redirectExactly(ctx: Context, address: string): void {
  ctx.redirect(address)
  ctx.set('location', address)
}

/**
 * oidc-provider parses the query of a redirect URI and writes it again, in other bytes. An old portal gets the answer in
 * the words of its protocol.
 */
export function keepRedirectQueries(provider: Provider, legacyAnswer: LegacyAnswer): void {
  internalsOf(provider).responseModes.set('query', (ctx: Context, uri: string, answer: object) => {
    const given = Object.entries(answer).map(([name, value]): [string, string] => [name, String(value)])
    const usual = { uri, fields: Object.fromEntries(given) }
    const { client } = (ctx as unknown as KoaContextWithOIDC).oidc
    const legacy = client && registrationOf(client).legacy
    const { uri: target, fields } = legacy === undefined ? usual : legacyAnswer(legacy, usual)
    ctx.status = 303
    redirectExactly(ctx, answerAddress(target, fields))
  })
}

/** The registered address that an answer of oidc-provider with `state` leads to, with its query byte by byte. */
export function exactAfterLogout(location: string, registered: readonly string[]): string {
  const state = URL.parse(location)?.searchParams.get('state') ?? null
  if (state === null) return location
  const uri = registered.find((one) => {
    const url = URL.parse(one)
    url?.searchParams.set('state', state)
    return url?.href === location
  })
  return uri === undefined ? location : answerAddress(uri, { state })
}
