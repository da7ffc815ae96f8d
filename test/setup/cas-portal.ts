import { createServer } from 'node:http'
import type { ClientInput } from '../../src/clients/metadata.ts'
import type { Client } from '../../src/clients/clients.ts'
import type { Services } from '../../src/services.ts'
import { afterFile } from './after-file.ts'
import { registerOldPortal } from './old-portal.ts'
import { freePort } from './free-port.ts'
import { until } from './server.ts'

/** A portal of CAS. It has a server of its own only where `listen` is called. */
export interface CasPortal {
  client: Client
  service: string
  /** Where its browsers begin. */
  login(given?: Record<string, string>): string
  /** A call of its server. The service is its own unless given. */
  ask(path: string, given: Record<string, string>): Promise<string>
  /** The user of a ticket. @throws Error for a ticket that is not valid */
  user(ticket: string): Promise<string>
  /** Takes the messages of single logout, and answers with these statuses, the last one for ever. */
  listen(...statuses: number[]): Promise<string[]>
}

export async function casPortal(
  services: Services,
  { host = 'localhost', ...overrides }: Partial<ClientInput> & { host?: string } = {},
): Promise<CasPortal> {
  const port = await freePort()
  const own = { legacy: 'cas', redirect_uris: [`http://${host}:${port}/cas/app`] }
  const { client, redirectUri: service } = await registerOldPortal(services, { ...own, ...overrides })
  const address = (path: string, given: Record<string, string>) =>
    `${services.settings.issuer}/cas/${path}?${new URLSearchParams({ service, ...given }).toString()}`
  // the server learns of a new portal by an event
  await until(async () => (await fetch(address('login', { gateway: 'true' }), { redirect: 'manual' })).status !== 404)
  const ask: CasPortal['ask'] = async (path, given) => (await fetch(address(path, given))).text()
  return {
    client,
    service,
    login: (given = {}) => address('login', given),
    ask,
    async user(ticket) {
      const answer = await ask('serviceValidate', { ticket })
      const [, user] = /<cas:user>(.+)<\/cas:user>/.exec(answer) ?? []
      if (user === undefined) throw new Error(`no user: ${answer}`)
      return user
    },
    async listen(...statuses) {
      const bodies: string[] = []
      const listener = createServer((request, response) => {
        let text = `${request.method} ${request.url} `
        request.on('data', (part) => (text += String(part)))
        request.on('end', () => {
          response.statusCode = statuses[Math.min(bodies.length, statuses.length - 1)] ?? 200
          bodies.push(text)
          response.end()
        })
      })
      await new Promise<void>((resolve) => listener.listen(port, host, resolve))
      afterFile(() => void listener.close())
      return bodies
    },
  }
}
