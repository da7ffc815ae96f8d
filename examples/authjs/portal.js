// A portal with Auth.js (@auth/core) and no framework: name, refresh, sign-out, back-channel sign-out.
//
//   ISSUER=https://login.example.gov.cn CLIENT_ID=… CLIENT_SECRET=… PORT=8080 node portal.js
//
// Register with --redirect-uri URL/auth/callback/yideng --post-logout-redirect-uri URL/signed-out
// --backchannel-logout-uri URL/backchannel
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { Auth, skipCSRFCheck } from '@auth/core'
import { getToken } from '@auth/core/jwt'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const { ISSUER: issuer, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, PORT: port } = process.env
const url = `http://localhost:${port}`

// A real portal keeps its secret in its settings, and these in its database.
const secret = process.env.AUTH_SECRET ?? randomBytes(32).toString('hex')
const people = new Map()
const usedNotices = new Set()

const config = {
  basePath: '/auth',
  trustHost: true,
  secret,
  providers: [
    {
      id: 'yideng',
      name: '一登',
      type: 'oidc',
      issuer,
      clientId,
      clientSecret,
      checks: ['pkce', 'state', 'nonce'],
      // the name is at userinfo; without a scope Auth.js asks for an e-mail address, which Yideng does not have
      idToken: false,
      authorization: { params: { scope: 'openid profile offline_access' } },
    },
  ],
  callbacks: {
    /** The cookie holds only the number of the session, so that the provider can end it. */
    async jwt({ token, account, profile }) {
      if (!account) return people.has(token.session) ? token : null
      // Auth.js has checked all claims but no signature (OpenID Connect Core 3.1.3.7 lets it), and keeps the sid to itself
      const { payload } = await jwtVerify(account.id_token, keys, { issuer, audience: clientId })
      const session = randomBytes(16).toString('hex')
      people.set(session, { sub: payload.sub, sid: payload.sid, name: profile.name, tokens: account })
      return { session }
    },
  },
}

const asked = async (address) => (await fetch(address)).json()
const metadata = await asked(`${issuer}/.well-known/openid-configuration`)
// the keys may change at once (`keys rotate --now`); by default jose asks for them again after 30 seconds
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri), { cooldownDuration: 0 })

/** Does what a form of Auth.js does, from this server. */
const act = (request, action) =>
  Auth(new Request(`${url}/auth/${action}`, { method: 'POST', headers: request.headers }), { ...config, skipCSRFCheck })

const sessionOf = async (request) => (await getToken({ req: request, secret }))?.session

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const html = (text) => new Response(text, { headers: { 'content-type': 'text/html; charset=utf-8' } })

async function refresh(request) {
  const person = people.get(await sessionOf(request))
  if (!person) return new Response('nobody is signed in', { status: 401 })
  const answer = await fetch(metadata.token_endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: person.tokens.refresh_token }),
  })
  if (!answer.ok) return new Response(await answer.text(), { status: 400 })
  // each refresh token can be used once
  Object.assign(person.tokens, await answer.json())
  return new Response('refreshed')
}

async function logout(request) {
  const session = await sessionOf(request)
  const person = people.get(session)
  people.delete(session)
  const answer = await act(request, 'signout')
  if (person) {
    const query = { id_token_hint: person.tokens.id_token, post_logout_redirect_uri: `${url}/signed-out` }
    answer.headers.set('location', `${metadata.end_session_endpoint}?${new URLSearchParams(query)}`)
  }
  return answer
}

/** Checks a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6). Auth.js has no means for it. */
async function backchannel(request) {
  const raw = (await request.formData()).get('logout_token')
  const { payload } = await jwtVerify(raw, keys, {
    issuer,
    audience: clientId,
    typ: 'logout+jwt',
    algorithms: ['RS256'],
    requiredClaims: ['iat', 'exp', 'jti', 'events'],
  })
  const { sub, sid, jti, nonce, events } = payload
  if (!('http://schemas.openid.net/event/backchannel-logout' in events) || nonce !== undefined || !(sub ?? sid))
    throw new Error('not a logout token')
  if (usedNotices.has(jti)) throw new Error('the logout token was used')
  usedNotices.add(jti)
  for (const [session, person] of people) if (sid ? person.sid === sid : person.sub === sub) people.delete(session)
  return new Response(null, { headers: { 'cache-control': 'no-store' } })
}

async function route(request) {
  const { pathname } = new URL(request.url)
  if (pathname.startsWith('/auth/')) return Auth(request, config)
  if (pathname === '/login') return act(request, 'signin/yideng')
  if (pathname === '/refresh') return refresh(request)
  if (pathname === '/logout') return logout(request)
  if (pathname === '/signed-out') return new Response('signed out')
  if (pathname === '/backchannel' && request.method === 'POST')
    return backchannel(request).catch((error) => new Response(error.message, { status: 400 }))
  if (pathname !== '/') return new Response('there is no such page', { status: 404 })
  const person = people.get(await sessionOf(request))
  return html(person ? `您好，${escaped(person.name)}` : '<a href="/login">登录</a>')
}

// a framework does this part
createServer(async (incoming, outgoing) => {
  const { method, headers } = incoming
  const body = method === 'POST' ? { body: Readable.toWeb(incoming), duplex: 'half' } : {}
  const response = await route(new Request(new URL(incoming.url, url), { method, headers, ...body })).catch(
    (error) => new Response(String(error), { status: 500 }),
  )
  outgoing.writeHead(response.status, [...response.headers].flat())
  outgoing.end(Buffer.from(await response.arrayBuffer()))
}).listen(Number(port), '127.0.0.1')
