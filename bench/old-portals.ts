import { ask, askAs, type Jar, type Target } from './flow.ts'

const tifBase = '/tif/sso/connect/page/oauth2'

const query = (fields: Record<string, string>) => new URLSearchParams(fields).toString()

function oldOf({ name, old }: Target): NonNullable<Target['old']> {
  if (!old) throw new Error(`${name} speaks no legacy protocol`)
  return old
}

/** The answer that a browser with a live session brings to the portal. */
async function bring(target: Target, jar: Jar, path: string, name: 'ticket' | 'code'): Promise<string> {
  const { status, headers, body } = await askAs(target, jar, path)
  const answer = URL.parse(headers.location ?? '')?.searchParams.get(name)
  if (!answer) throw new Error(`${target.name}: no ${name} (${status} ${headers.location ?? body})`)
  return answer
}

/** CAS: login with a live session → ticket → attributes. */
export async function casFlow(target: Target, jar: Jar): Promise<void> {
  const { service } = oldOf(target).cas
  const ticket = await bring(target, jar, `/cas/login?${query({ service })}`, 'ticket')
  const { body } = await ask(target, 'GET', `/cas/p3/serviceValidate?${query({ service, ticket })}`, {})
  if (!body.includes('<cas:name>张三</cas:name>')) throw new Error(`${target.name}: no attributes (${body})`)
}

/** The OAuth2 of a province: authorize with a live session → code → token → account. */
export async function tifFlow(target: Target, jar: Jar): Promise<void> {
  const { clientId: client_id, clientSecret: client_secret, redirectUri: redirect_uri } = oldOf(target).tif
  const common = { client_id, redirect_uri, scope: 'all' }
  const asked = query({ service: 'initService', response_type: 'code', ...common })
  const code = await bring(target, jar, `${tifBase}/authorize?${asked}`, 'code')
  const grant = query({ ...common, client_secret, code, grant_type: 'authorization_code' })
  const given = await ask(target, 'GET', `${tifBase}/access_token?${grant}`, {})
  const { access_token = '' } = JSON.parse(given.body) as { access_token?: string }
  const { body } = await ask(target, 'GET', `${tifBase}/tokeninfo?${query({ access_token })}`, {})
  const { userobj } = JSON.parse(body) as { userobj?: { cn?: string } }
  if (userobj?.cn !== '张三') throw new Error(`${target.name}: no account (${given.body} ${body})`)
}
