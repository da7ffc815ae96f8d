import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { ClientInput } from '../../src/clients/metadata.ts'
import type { Services } from '../../src/services.ts'
import { afterFile } from './after-file.ts'
import { freePort } from './free-port.ts'
import type { Page } from './visitor.ts'

/** What a portal gets at the token endpoint. */
export interface Tokens {
  id_token?: string
  access_token?: string
  refresh_token?: string
  error?: string
}

const random = () => randomBytes(32).toString('base64url')

/** A portal that checks nothing, for tokens that openid-client does not know. It collects its logout tokens. */
export async function rawPortal(services: Services, overrides: Partial<ClientInput> = {}) {
  const { issuer } = services.settings
  const port = await freePort()
  const logoutTokens: string[] = []
  const listener = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      logoutTokens.push(new URLSearchParams(body).get('logout_token') ?? '')
      response.writeHead(200).end()
    })
  })
  await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve))
  afterFile(() => void listener.close())
  const redirectUri = `http://localhost:${port}/callback`
  const created = await services.clients.create(
    {
      name: `门户 ${random().replaceAll(/[^a-z]/g, '')}`,
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: [`http://localhost:${port}/bye`],
      backchannel_logout_uri: `http://127.0.0.1:${port}/logout`,
      consent: 'implicit',
      scope: 'openid offline_access',
      ...overrides,
    },
    'administrator:test',
  )
  if (!created.ok) throw new Error(JSON.stringify(created.problems))
  const { id } = created.client
  const authorization = `Basic ${Buffer.from(`${id}:${created.secret}`).toString('base64')}`
  const post = async (path: string, fields: Record<string, string>) => {
    const body = new URLSearchParams(fields)
    const answer = await fetch(`${issuer}${path}`, { method: 'POST', body, headers: { authorization } })
    return (await answer.json().catch(() => ({}))) as Record<string, unknown>
  }
  return {
    id,
    logoutTokens,
    afterLogout: `http://localhost:${port}/bye`,
    post,
    refresh: (refresh_token: string, more: Record<string, string> = {}): Promise<Tokens> =>
      post('/token', { grant_type: 'refresh_token', refresh_token, ...more }),
    /** An authorization request, and what exchanges its code. */
    begin(more: Record<string, string> = {}) {
      const verifier = random()
      const url = new URL('/authorize', issuer)
      url.search = new URLSearchParams({
        client_id: id,
        response_type: 'code',
        redirect_uri: redirectUri,
        scope: 'openid offline_access',
        nonce: random(),
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        ...more,
      }).toString()
      const finish = (page: Page, asked: Record<string, string> = {}): Promise<Tokens> => {
        const code = page.leads?.searchParams.get('code')
        if (!code) throw new Error(`the browser did not return to the portal (${page.status}):\n${page.html}`)
        return post('/token', {
          grant_type: 'authorization_code',
          code,
          redirect_uri: redirectUri,
          code_verifier: verifier,
          ...asked,
        })
      }
      return { url, finish }
    },
  }
}
