import type { Client } from '../../src/clients/clients.ts'
import type { ClientInput } from '../../src/clients/metadata.ts'
import { tifProfileOf } from '../../src/config/legacy-protocols.ts'
import type { Services } from '../../src/services.ts'
import { signIn } from './person.ts'
import type { Visitor } from './visitor.ts'

let portals = 0

/** A portal of an old protocol, and the addresses that it asks. */
export interface OldPortal {
  client: Client
  secret: string
  redirectUri: string
  /** Where its browsers begin. `given` replaces parameters; an empty one is left out. */
  authorize(given?: Readonly<Record<string, string>>): string
  /** Its call of `access_token`. */
  tokens(code: string, given?: Readonly<Record<string, string>>): string
  /** Its call of `tokeninfo`. */
  info(token: string): string
}

/** Registers a portal that speaks a legacy protocol, with all scopes and without consent unless asked otherwise. */
export async function registerOldPortal(services: Services, overrides: Partial<ClientInput> = {}): Promise<OldPortal> {
  portals += 1
  const redirectUri = `http://localhost:${50_000 + portals}/old/callback`
  const { legacy = 'tif', ...rest } = overrides
  const created = await services.clients.create(
    {
      name: `旧门户${String.fromCodePoint(0x4e_00 + portals)}`,
      organisation: '测试局',
      region: '440300',
      redirect_uris: [redirectUri],
      scope: 'openid profile identity phone',
      consent: 'implicit',
      legacy,
      legacy_until: '2027-12-31',
      networks: ['127.0.0.0/8'],
      ...rest,
    },
    'administrator:test',
  )
  if (!created.ok) throw new Error(JSON.stringify(created.problems))
  const { client, secret = '' } = created
  const { base, service } = tifProfileOf(client.legacy) ?? { base: '', service: '' }
  const address = (path: string, parameters: Readonly<Record<string, string>>) => {
    const kept = Object.entries(parameters).filter(([, value]) => value !== '')
    return `${services.settings.issuer}${base}${path}?${new URLSearchParams(kept).toString()}`
  }
  const common = { client_id: client.id, scope: 'all', redirect_uri: client.redirect_uris[0] ?? '' }
  return {
    client,
    secret,
    redirectUri: common.redirect_uri,
    authorize: (given = {}) => address('/authorize', { service, response_type: 'code', ...common, ...given }),
    tokens: (code, given = {}) =>
      address('/access_token', {
        ...common,
        client_secret: secret,
        code,
        grant_type: 'authorization_code',
        ...given,
      }),
    info: (token) => address('/tokeninfo', { access_token: token }),
  }
}

/** Signs a person in at an old portal, and gives the code that its server gets. */
export async function codeAt(portal: OldPortal, visitor: Visitor, username: string): Promise<string> {
  const page = await visitor.get(portal.authorize())
  const { leads } = page.leads ? page : await signIn(visitor, page, username)
  const code = leads?.searchParams.get('code')
  if (!code) throw new Error(`no code: ${leads?.href ?? ''}`)
  return code
}

/** The answer of a call, as JSON. */
export async function called(address: string, init: RequestInit = {}) {
  const answer = await fetch(address, { redirect: 'manual', ...init })
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> }
}

/** The answer of `tokeninfo` for a new sign-in of this person. */
export async function tokenInfoAt(portal: OldPortal, visitor: Visitor, username: string) {
  const { body } = await called(portal.tokens(await codeAt(portal, visitor, username)))
  return called(portal.info(String(body['access_token'])))
}
