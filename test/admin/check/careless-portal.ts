import { randomUUID } from 'node:crypto'
import { listen, type Running } from '../../../examples/listen.ts'

/** A bad portal: it accepts every token, unless `verify` refuses it. */
export function startCarelessPortal(options: {
  port: number
  issuer: string
  clientId: string
  pkce?: boolean
  /** Answers the claims of a token. @throws Error for one that the portal refuses */
  verify?: (token: string) => Promise<{ sid: string }>
}): Promise<Running> {
  const { port, issuer, clientId, pkce = true } = options
  const back = `http://localhost:${port}/callback`
  const signedIn = new Map<string, { sid: string; name: string }>()
  const believe = async (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sid: string }
  const { verify = believe } = options
  const read = (token: string) => verify(token).catch(() => undefined)

  async function enter(code: string): Promise<string> {
    const answer = await fetch(`${issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: clientId,
        client_secret: 'x',
        redirect_uri: back,
        code,
        code_verifier: 'always-the-same-verifier-always-the-same-verifier',
      }),
    })
    const tokens = (await answer.json()) as { id_token?: string; access_token: string }
    const claims = tokens.id_token === undefined ? undefined : await read(tokens.id_token)
    if (!claims) return ''
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    const { name } = (await (await fetch(`${issuer}/userinfo`, { headers })).json()) as { name: string }
    const id = randomUUID()
    signedIn.set(id, { ...claims, name })
    return id
  }

  return listen(port, async (request, response) => {
    const url = new URL(request.url ?? '/', back)
    const visitor = /careless=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
    if (url.pathname === '/login') {
      const asked = new URLSearchParams({
        client_id: clientId,
        response_type: 'code',
        redirect_uri: back,
        scope: 'openid',
        state: 'x',
        nonce: 'x',
        ...(pkce
          ? { code_challenge: '8wcb9GCD05Y1QHLk5Dpqp-rIGXXOmbZGyGjcMsEfL_8', code_challenge_method: 'S256' }
          : {}),
      })
      return void response.writeHead(302, { location: `${issuer}/authorize?${asked.toString()}` }).end()
    }
    // after a No the person comes to the same question again
    if (url.searchParams.has('error')) return void response.writeHead(302, { location: '/login' }).end()
    if (url.pathname === '/callback') {
      const id = await enter(url.searchParams.get('code') ?? '')
      return void response.writeHead(302, { location: '/', 'set-cookie': `careless=${id}; Path=/` }).end()
    }
    if (url.pathname === '/logout') {
      let body = ''
      for await (const chunk of request) body += String(chunk)
      const claims = await read(new URLSearchParams(body).get('logout_token') ?? '')
      for (const [id, person] of signedIn) if (claims && person.sid === claims.sid) signedIn.delete(id)
      return void response.writeHead(claims ? 200 : 400).end()
    }
    return void response.writeHead(200).end(signedIn.get(visitor)?.name ?? 'Please sign in')
  })
}
