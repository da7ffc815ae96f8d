import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import * as oidc from 'openid-client'
import { listen, type Running } from '../listen.ts'
import { createLogoutReceiver } from './backchannel.ts'
import { html } from './html.ts'
import { readLicences } from './licences.ts'
import { homePage, licencesPage, problemPage, welcomePage, type Look } from './pages.ts'
import { createSessions, Kept, randomId } from './session.ts'
import { createSignIn, type Attempt, type Registration } from './sign-in.ts'
import { clearCookie, readCookie, readForm, redirect, sendPage, setCookie } from './web.ts'
import { refusals } from './words.ts'

export interface PortalOptions extends Look, Registration {
  port: number
}

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>

/** A portal that signs people in through Yideng, with only node:http and openid-client. */
export async function startPortal(options: PortalOptions): Promise<Running> {
  const { issuer, clientId, port, resource, colour, name, url: portalUrl } = options
  const signIn = createSignIn(options)
  const sessions = createSessions()
  const readLogout = createLogoutReceiver({
    issuer,
    clientId,
    jwksUri: async () => (await signIn.metadata()).jwks_uri ?? '',
  })
  // All ports of a host share cookies, so their names contain the port.
  // Behind TLS, also prefix the names with `__Host-`.
  const secure = portalUrl.startsWith('https:') ? '; Secure' : ''
  const sessionCookie = `portal_${port}_session`
  const browserCookie = `portal_${port}_browser`
  /** Running sign-ins and sign-outs by `state`; `browser` is the cookie of the browser that started them. */
  const attempts = new Kept<Attempt & { browser: string; backTo: string }>({ seconds: 600 })
  const farewells = new Kept<true>({ seconds: 600 })
  const style = `:root { --colour: ${colour} }\n${readFileSync(new URL('portal.css', import.meta.url), 'utf8')}`
  const mark = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">
    <rect width="40" height="40" fill="#fff" />
    <text x="20" y="28" font-size="24" font-weight="700" text-anchor="middle" fill="${colour}">
      ${name.slice(0, 1)}
    </text>
  </svg>`.text

  const send = (response: ServerResponse, status: number, page: ReturnType<typeof welcomePage>) =>
    sendPage(response, status, page, issuer)
  const personOf = (request: IncomingMessage) => sessions.find(readCookie(request, sessionCookie) ?? '')
  const log = (what: string, error: unknown) => console.error(`${name}: ${what}: ${reasonOf(error)}`)

  const routes: Record<string, Handler> = {
    'GET /': (request, response, url) => {
      const person = personOf(request)
      const signedOut = farewells.take(url.searchParams.get('state') ?? '') === true
      send(response, 200, person ? homePage(options, person, Boolean(resource)) : welcomePage(options, signedOut))
    },

    'GET /login': async (request, response, url) => {
      const { address, attempt } = await signIn.begin({ choose: url.searchParams.get('choose') === 'yes' })
      const browser = readCookie(request, browserCookie) ?? randomId()
      const backTo = url.searchParams.get('to') === '/licences' ? '/licences' : '/' // never to an arbitrary address
      attempts.put(attempt.state, { ...attempt, browser, backTo })
      setCookie(response, browserCookie, browser, `; Max-Age=600${secure}`)
      redirect(response, address)
    },

    'GET /callback': async (request, response, url) => {
      const attempt = attempts.take(url.searchParams.get('state') ?? '')
      if (!attempt || attempt.browser !== readCookie(request, browserCookie)) {
        const text = '这次登录已经过期，或者不是从这个浏览器开始的。'
        send(response, 400, problemPage(options, { title: '登录没有完成', text, again: '/login' }))
        return
      }
      try {
        const person = await signIn.finish(url, attempt)
        sessions.close(readCookie(request, sessionCookie) ?? '')
        setCookie(response, sessionCookie, sessions.open(person), secure)
        redirect(response, attempt.backTo)
      } catch (error) {
        log('sign-in failed', error)
        const refusal = error instanceof oidc.AuthorizationResponseError ? refusals[error.error] : undefined
        const problem = refusal ?? { title: '登录没有完成', text: '请再试一次。如果还不行，请拨打 12345。' }
        send(response, refusal ? 403 : 502, problemPage(options, { ...problem, again: '/login' }))
      }
    },

    'POST /logout': async (request, response) => {
      // SameSite=Lax blocks other sites; this blocks other origins of our own site.
      if (request.headers.origin !== portalUrl) return void response.writeHead(403).end()
      const person = sessions.close(readCookie(request, sessionCookie) ?? '')
      clearCookie(response, sessionCookie)
      if (!person) return redirect(response, '/')
      const state = oidc.randomState()
      farewells.put(state, true)
      redirect(response, await signIn.signOutAddress(person.idToken, state))
    },

    'POST /backchannel-logout': async (request, response) => {
      response.setHeader('cache-control', 'no-store')
      try {
        sessions.closeWhere(await readLogout((await readForm(request)).get('logout_token') ?? ''))
        response.writeHead(200).end()
      } catch (error) {
        log('logout token refused', error)
        response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_request"}')
      }
    },

    'GET /licences': async (request, response) => {
      const token = personOf(request)?.accessToken
      // If the person is still signed in at Yideng, this gets a new token without a form.
      if (!resource || !token || token.until < Date.now()) return redirect(response, '/login?to=/licences')
      try {
        send(response, 200, licencesPage(options, await readLicences(resource, await signIn.apiToken(token.value))))
      } catch (error) {
        log('the licence library refused', error)
        const problem = { title: '证照暂时查不到', text: '电子证照库没有答复，请稍后再试。', again: '/licences' }
        send(response, 502, problemPage(options, problem))
      }
    },

    'GET /portal.css': (_request, response) => void response.writeHead(200, { 'content-type': 'text/css' }).end(style),
    'GET /mark.svg': (_request, response) =>
      void response.writeHead(200, { 'content-type': 'image/svg+xml' }).end(mark),
    'GET /healthz': (_request, response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n'),
  }

  return listen(port, (request, response) => {
    const url = URL.parse(request.url ?? '', portalUrl)
    const handler = url && routes[`${request.method} ${url.pathname}`]
    if (!handler) {
      send(response, 404, problemPage(options, { title: '没有这个网页', text: '网址可能不对。' }))
      return
    }
    const handle = async () => handler(request, response, url)
    handle().catch((error: unknown) => {
      log(`${request.method} ${url.pathname}`, error)
      if (response.headersSent) response.destroy()
      else send(response, 502, problemPage(options, { title: '一登暂时连不上', text: '请过几分钟再试。' }))
    })
  })
}

/** Text for the log. openid-client has the OAuth error outside the message, and the reason in `cause`. */
function reasonOf(error: unknown): string {
  const thrown = error instanceof Error ? error : new Error(String(error))
  const { message, cause, error: code, error_description: description } = thrown as Error & Record<string, unknown>
  const reason = [message, code, description, cause instanceof Error && cause.message].filter(Boolean).join(': ')
  return reason.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?') // Text from outside must not control a terminal.
}
