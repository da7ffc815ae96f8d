import type { Deviation, SoftwareAuthenticator } from './software-authenticator.ts'
import type { Page, Visitor } from './visitor.ts'

const json = { accept: 'application/json' }

/** Asks for options as the script of the page does. */
export async function askOptions<T>(visitor: Visitor, page: Page, fields: Record<string, string> = {}): Promise<T> {
  const address = /data-passkey="[a-z-]+" data-options="([^"]+)"/.exec(page.html)?.[1]
  const csrf = /data-result[\s\S]*?name="csrf" value="([^"]+)"/.exec(page.html)?.[1]
  if (!address || !csrf) throw new Error(`no passkeys on ${page.url.pathname} (${page.status}):\n${page.html}`)
  const answer = await visitor.post(address, { csrf, ...fields }, json)
  if (answer.status !== 200) throw new Error(`no options: ${answer.status} ${answer.html}`)
  return JSON.parse(answer.html) as T
}

/** Options of the ceremonies: registration and authentication. */
export type CreationOptions = Parameters<SoftwareAuthenticator['create']>[0] & { excludeCredentials: { id: string }[] }
export type RequestOptions = Parameters<SoftwareAuthenticator['get']>[0]

/** Sends the response of a ceremony, as the script of the page does. */
export const sendResponse = (visitor: Visitor, page: Page, action: string, response: unknown) =>
  visitor.submit(page, action, { response: JSON.stringify(response) })

/** Signs in by passkey on a sign-in page. */
export async function signInByPasskey(
  visitor: Visitor,
  page: Page,
  authenticator: SoftwareAuthenticator,
  deviation: Deviation = {},
): Promise<Page> {
  const options = await askOptions<RequestOptions>(visitor, page)
  return sendResponse(visitor, page, '/passkey', authenticator.get(options, deviation))
}

/** Adds a passkey in the account centre. The visitor has just signed in. */
export async function addPasskey(
  visitor: Visitor,
  authenticator: SoftwareAuthenticator,
  deviation: Parameters<SoftwareAuthenticator['create']>[1] = {},
): Promise<Page> {
  const page = await visitor.get('/account/passkey/add')
  const options = await askOptions<CreationOptions>(visitor, page)
  return sendResponse(visitor, page, '/passkey/add', authenticator.create(options, deviation))
}
