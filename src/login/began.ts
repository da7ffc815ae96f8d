import { hash } from 'node:crypto'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Client } from '../clients/clients.ts'
import type { Interaction } from '../oidc/login-browser.ts'
import { pageOrigin } from '../oidc/pages.ts'
import { requestOf } from '../pages/request-context.ts'

/** A login of this browser: which it is, its portal, and which of the portal's addresses its answer goes to. */
interface Began {
  id: string
  client: Pick<Client, 'id' | 'redirect_uris'>
  redirectUri: unknown
}

/** Logins that one browser remembers, the newest first. */
const most = 4
const entryForm = /^([\w-]{12})~([\w-]{1,200})~(\d{1,3})$/

const tagOf = (id: string) => hash('sha256', `began\0${id}`, 'base64url').slice(0, 12)
const entriesOf = (cookie: string) => cookie.split('.').filter((entry) => entryForm.test(entry))

/** The cookie with this login; undefined where it is there, or where its portal has no page to go back to. */
function withBegan(cookie: string, { id, client, redirectUri }: Began): string | undefined {
  const index = client.redirect_uris.findIndex((uri) => uri === redirectUri)
  const entries = entriesOf(cookie)
  const tag = tagOf(id)
  if (index < 0 || entries.some((entry) => entry.startsWith(`${tag}~`))) return undefined
  const name = Buffer.from(client.id).toString('base64url')
  return [`${tag}~${name}~${index}`, ...entries].slice(0, most).join('.')
}

/** Remembers a new login in its browser. The answer is a redirect, so no page gets heavier by the cookie. */
export function rememberBegan(ctx: KoaContextWithOIDC, { uid, params }: Pick<Interaction, 'uid' | 'params'>): void {
  const { client } = ctx.oidc
  if (!client) return
  const request = requestOf(ctx)
  const known = { id: client.clientId, redirect_uris: [...(client.redirectUris ?? [])] }
  const cookie = withBegan(request.began, { id: uid, client: known, redirectUri: params['redirect_uri'] })
  if (cookie !== undefined) request.keepBegan(cookie)
}

/**
 * Where a login that is over began: a portal, and the origin of one of its registered addresses. The cookie only chooses among these.
 * Undefined for a login of another browser.
 */
export async function beganAt(
  cookie: string,
  id: string,
  findClient: (id: string) => Promise<Client | undefined>,
): Promise<{ client: Client; redirectUri: string; origin: string } | undefined> {
  const entry = entriesOf(cookie).find((one) => one.startsWith(`${tagOf(id)}~`))
  const [, , name = '', index = ''] = entryForm.exec(entry ?? '') ?? []
  const client = name ? await findClient(Buffer.from(name, 'base64url').toString()) : undefined
  const redirectUri = client?.redirect_uris[Number(index)]
  const origin = pageOrigin(redirectUri)
  return client && redirectUri !== undefined && origin !== undefined ? { client, redirectUri, origin } : undefined
}
