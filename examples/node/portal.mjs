// A portal with Node.js and openid-client: name, refresh, sign-out.
//
//   npx yideng client create --name … --for node --scope "openid profile offline_access"
//     --redirect-uri URL/callback --post-logout-redirect-uri URL/signed-out
//
// prints yideng.mjs. Put it beside this file. Start: PORT=8080 node portal.mjs
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import * as client from 'openid-client'
import { begin, finish, redirectUri, yideng } from './yideng.mjs'

const { origin } = new URL(redirectUri)

// a real portal keeps these in its database
const attempts = new Map()
const people = new Map()

const cookieOf = (request, name) => new RegExp(`(?:^|; )${name}=([^;]*)`).exec(request.headers.cookie ?? '')?.[1] ?? ''

/** A cookie with a new random value. */
function newCookie(response, name) {
  const value = randomBytes(32).toString('base64url')
  const secure = origin.startsWith('https:') ? '; Secure' : ''
  response.setHeader('set-cookie', `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}`)
  return value
}

const leadTo = (response, address) => response.writeHead(302, { location: address }).end()
const escape = (text) => text.replace(/[&<>"']/g, (one) => `&#${one.codePointAt(0)};`)

const pages = {
  '/'(_request, response, _url, person) {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(person ? `您好，${escape(person.name)}` : '<a href="/login">登录</a>')
  },
  async '/login'(_request, response) {
    const { address, attempt } = await begin()
    attempts.set(newCookie(response, 'attempt'), attempt)
    leadTo(response, address)
  },
  async '/callback'(request, response, url) {
    const key = cookieOf(request, 'attempt')
    const attempt = attempts.get(key)
    attempts.delete(key)
    if (!attempt) throw new Error('the sign-in did not begin in this browser')
    const { person, tokens } = await finish(url, attempt)
    people.set(newCookie(response, 'session'), { name: person.name ?? person.sub, tokens })
    leadTo(response, '/')
  },
  /** New tokens without the person. Each refresh token is used once. */
  async '/refresh'(_request, response, _url, person) {
    if (!person) throw new Error('nobody is signed in')
    const { id_token } = person.tokens
    person.tokens = { id_token, ...(await client.refreshTokenGrant(yideng, person.tokens.refresh_token)) }
    response.end('refreshed')
  },
  '/logout'(request, response, _url, person) {
    if (!person) throw new Error('nobody is signed in')
    people.delete(cookieOf(request, 'session'))
    const query = { id_token_hint: person.tokens.id_token, post_logout_redirect_uri: `${origin}/signed-out` }
    leadTo(response, client.buildEndSessionUrl(yideng, query).href)
  },
  '/signed-out': (_request, response) => response.end('signed out'),
}

createServer((request, response) => {
  const url = new URL(request.url, origin)
  const page = pages[url.pathname] ?? (() => response.writeHead(404).end())
  Promise.resolve()
    .then(() => page(request, response, url, people.get(cookieOf(request, 'session'))))
    .catch((error) => response.writeHead(400).end(`the sign-in did not succeed: ${error.error ?? error.message}`))
}).listen(Number(process.env.PORT), '127.0.0.1')
