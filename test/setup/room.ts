import { createServer } from 'node:http'
import { decodeJwt } from 'jose'
import type { Services } from '../../src/services.ts'
import type { ClientInput } from '../../src/clients/metadata.ts'
import { afterFile } from './after-file.ts'
import { freePort } from './free-port.ts'
import { signIn } from './person.ts'
import { Visitor, type Page } from './visitor.ts'

/** The CSRF token of a page. */
export const csrfOf = (page: Page): string => /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''

/** Signs a person in at the account centre, in a browser with a known name. `page` is the page at `path`. */
export async function openRoom(issuer: string, person: { username: string }, path = '/account/ways') {
  const visitor = new Visitor(issuer, { 'user-agent': 'Mozilla/5.0 (Windows NT 10.0) Chrome/140.0' })
  const page = await signIn(visitor, await visitor.get(path), person.username)
  return { visitor, page, csrf: csrfOf(await visitor.get('/account/organisations')) }
}

export function eventsOf(services: Services, personId: string, event: string) {
  return services.database
    .selectFrom('audit_events')
    .select('details')
    .where('person_id', '=', personId)
    .where('event', '=', event)
    .execute()
}

/** Settings of a portal with back-channel logout. `told` collects the `sid` of each logout token. */
export async function listening(more: Partial<ClientInput> = {}) {
  const told: unknown[] = []
  const port = await freePort()
  const listener = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      told.push(decodeJwt(new URLSearchParams(body).get('logout_token') ?? '')['sid'])
      response.writeHead(200).end()
    })
  })
  afterFile(() => listener.close())
  await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve))
  return { told, more: { backchannel_logout_uri: `http://127.0.0.1:${port}/`, ...more } }
}
