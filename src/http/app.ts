import { compressMarked } from '../pages/compress-page.ts'
import Router from '@koa/router'
import type Koa from 'koa'
import type { Context, Middleware } from 'koa'
import type { Provider } from 'oidc-provider'
import type { Logger } from 'pino'
import { accountRoutes, type AccountRoutesDeps } from '../account-centre/account-routes.ts'
import { adminApi, type AdminApiDeps } from '../admin/remote/admin-api.ts'
import type { Clients } from '../clients/clients.ts'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { QuestionDeps } from '../login/questions/questions.ts'
import { questionRoutes } from '../login/questions/question-routes.ts'
import { phoneFromChannelRoutes, type PhoneFromChannelDeps } from '../login/phone-from-channel.ts'
import type { LoginMethod } from '../login/method.ts'
import type { WentOnPageDeps } from '../login/went-on-page.ts'
import { recoveryRoutes, type RecoveryDeps } from '../recovery/recovery-routes.ts'
import { registrationRoutes, type RegistrationDeps } from '../registration/registration-routes.ts'
import type { LoginBrowsers } from '../oidc/login-browser.ts'
import { onwardPages } from '../oidc/onward-pages.ts'
import { logoutRequests } from '../oidc/logout-requests.ts'
import { portalMetadata } from '../oidc/portal-metadata.ts'
import { postedAuthorizations } from '../oidc/posted-requests.ts'
import type { UpstreamSignOut } from '../oidc/upstream-sign-out.ts'
import { auditPortals } from '../oidc/portal-audit.ts'
import { legacyRoutes, withoutReturn, type LegacyDeps } from '../protocols/legacy-routes.ts'
import { ownSignOutForms } from '../oidc/engine/answer-forms.ts'
import { keySetVersion } from '../oidc/engine/provider-key-set.ts'
import { publishedSm2Keys } from '../oidc/engine/sm2-tokens.ts'
import { rememberOrigin } from '../sessions/remember-origin.ts'
import type { Assets } from '../pages/assets.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { limitNetworkRequests } from '../guards/network-requests.ts'
import { canonicalOnly, createKnownPaths } from '../guards/canonical-paths.ts'
import { checkFiles, readCheckFiles } from './check-files.ts'
import { calledByClients, endpointOf, fixedRoutes } from './endpoints.ts'
import { calmErrors } from './errors.ts'
import { forms } from './forms.ts'
import { frontDoorRoutes, staticFiles } from './front-door.ts'
import { programEndpoints } from '../oidc/program-endpoints.ts'
import { onlyAsIssuer, securityHeaders } from './headers.ts'
import { health, refuseWhileUnfit, type Limits } from './health.ts'
import type { Metrics } from './metrics.ts'
import type { Readiness } from './readiness.ts'
import { logRequests } from './request-log.ts'
import { refuseTooManyCookies } from './too-many-cookies.ts'
import { sameFormOnce } from './same-form.ts'
import { textReceiptRoutes, type ReportingDeps } from './text-receipts.ts'
import type { Tracing } from './tracing.ts'
import { gmKeySet, publicDocuments } from './public-documents.ts'
import { upstreamLogoutRoutes, type UpstreamLogoutDeps } from './upstream-logout.ts'
import { requestContexts, type RequestContextDeps } from './browser-request.ts'

export interface AppDeps {
  /** oidc-provider is a koa application. Ours is the same one, with our middleware before its own. */
  provider: Provider
  settings: Settings
  clock: Clock
  log: Logger
  readiness: Readiness
  limits: Limits
  /** Refuses new sign-ins of a busy process. */
  admission: Middleware
  metrics: Metrics
  tracing: Pick<Tracing, 'requests'>
  assets: Assets
  requests: RequestContextDeps
  clients: Clients
  cipher: FieldCipher
  findClient: WentOnPageDeps['findClient']
  artifacts: Artifacts
  methods: readonly LoginMethod[]
  login: QuestionDeps & RegistrationDeps & RecoveryDeps
  /** Numbers that a mini program brings. */
  numbers: PhoneFromChannelDeps
  account: AccountRoutesDeps
  logins: LoginBrowsers
  originDeps: Parameters<typeof rememberOrigin>[0]
  portalAudit: Parameters<typeof auditPortals>[0]
  deviceDoor: Middleware
  /** Counts the calls of clients (guards/portal-budgets.ts). */
  portalBudgets: Middleware
  /** Answers the usual calls of portals without oidc-provider's middleware (oidc/direct). */
  direct: Middleware
  /** Answers for JWT access tokens in the place of oidc-provider (oidc/jwt-tokens.ts). */
  jwtTokens: Middleware
  admin: AdminApiDeps
  reports: ReportingDeps
  upstreamLogout: UpstreamLogoutDeps
  upstreamSignOut: UpstreamSignOut
  /** The endpoints of old portals. */
  legacy: LegacyDeps
}

/**
 * The middleware of a request, from first to last; oidc-provider is the last.
 * @throws Error for a route without a budget
 */
export function createApp(deps: AppDeps): Koa {
  const { provider, settings, clock, log, tracing } = deps
  const secure = settings.issuer.startsWith('https:')
  provider.proxy = true // after onlyAsIssuer, which replaces the host that the request claims

  const programs = programRoutes(deps)
  const own = ownRoutes(deps, secure)
  const legacy = legacyRoutes(deps.legacy)
  const routers = { programs, pages: own, legacy }
  log.debug(Object.fromEntries(Object.entries(routers).map(([name, router]) => [name, routesOf(router)])), 'routes')
  const routes = [...fixedRoutes, ...Object.values(routers).flatMap(pathsOf)]
  for (const route of routes) endpointOf(route)
  const vendorFiles = readCheckFiles(settings.channels.checkFiles)

  const first = [renewed(deps.artifacts), deps.metrics.middleware, securityHeaders(secure)]
  const answering: Middleware[] = [
    onlyAsIssuer(settings.issuer, { trustProxy: settings.trustProxy, log }),
    requestContexts(deps.requests),
    withoutReturn(legacy),
    ...(tracing.requests ? [tracing.requests(settings)] : []),
    ...(log.isLevelEnabled('debug') ? [logRequests(log)] : []),
    calmErrors(log, { issuer: settings.issuer, findClient: deps.findClient, isSignedIn: signedInHere(deps.account) }),
    refuseWhileUnfit(deps.readiness),
    limitNetworkRequests({ most: settings.limits.addressRequests, exempt: calledByClients, clock }),
  ]
  const cookies = refuseTooManyCookies(settings.issuer)
  // portals call these far more often than people open pages: they pass only the layers that concern them
  const forClients = inOrder([cookies, deps.deviceDoor, deps.portalBudgets, mounted(legacy), deps.direct])
  const rooms: Middleware[] = [
    compressMarked,
    publicDocuments(() => keySetVersion(provider)),
    portalMetadata,
    gmKeySet(() => publishedSm2Keys(provider)),
    staticFiles(deps.assets),
    checkFiles(vendorFiles),
    // after the style sheet of its own page
    cookies,
    deps.admission,
    postedAuthorizations({ cipher: deps.cipher, clock }),
    onwardPages({ issuer: settings.issuer, acceptedPasskeys: deps.account.acceptedPasskeys }),
    ownSignOutForms,
    deps.upstreamSignOut.middleware,
    logoutRequests({ provider, findRegistered: deps.clients.find }),
    deps.deviceDoor,
    exceptForPrograms(
      mounted(legacy),
      mounted(programs),
      mounted(own),
      rememberOrigin(deps.originDeps),
      auditPortals(deps.portalAudit),
      deps.logins.middleware,
    ),
  ]
  provider.use(
    canonicalOnly({
      issuer: settings.issuer,
      known: createKnownPaths([...routes, ...vendorFiles.keys()]),
      taken: inOrder([
        ...first,
        health(deps, deps.metrics, log),
        ...answering,
        byPath(calledByClients, forClients, inOrder(rooms)),
      ]),
      refused: (status) => inOrder([...first, ...answering, refuse(status)]),
    }),
  )
  provider.use(deps.jwtTokens)
  return provider
}

/** Whether the browser has a session; it asks for nothing. */
const signedInHere =
  ({ sessionCookie, sessions }: AccountRoutesDeps) =>
  async (ctx: Context) => {
    const cookie = ctx.cookies.get(sessionCookie, { signed: false })
    return cookie !== undefined && (await sessions.ofCookie(cookie)) !== undefined
  }

/**
 * Compares the memory of this process with the store first, because another process may have ended a session. One
 * comparison is enough for requests that the kernel delivers together: all were sent before the first is read.
 * @internal
 */
export function renewed(artifacts: Pick<Artifacts, 'renew'>): Middleware {
  let done = false
  return (_ctx, next) => {
    if (!done) {
      done = true
      setImmediate(() => (done = false))
      artifacts.renew()
    }
    return next()
  }
}

/** Requests of programs. They carry no cookies, so no form token is needed. */
function programRoutes({ methods, admin, numbers, reports, upstreamLogout }: AppDeps): Router {
  const router = new Router({ sensitive: true })
  for (const method of methods) method.api?.(router)
  phoneFromChannelRoutes(router, numbers)
  adminApi(router, admin)
  textReceiptRoutes(router, reports)
  upstreamLogoutRoutes(router, upstreamLogout)
  return router
}

function ownRoutes(deps: AppDeps, secure: boolean): Router {
  const router = new Router({ sensitive: true })
  router.use(forms(deps.settings.issuer), sameFormOnce(deps.artifacts))
  frontDoorRoutes(router, { issuer: deps.settings.issuer, clients: deps.clients, secure })
  questionRoutes(router, deps.login)
  registrationRoutes(router, deps.login)
  recoveryRoutes(router, deps.login)
  accountRoutes(router, deps.account)
  deps.upstreamSignOut.routes(router)
  for (const method of deps.methods) {
    const room = new Router({ prefix: `/login/:attempt/${method.name}`, sensitive: true })
    method.routes(room, deps.login.host)
    router.use(room.routes())
  }
  return router
}

/** A request outside our routes gets a plain page, and reaches no route. */
const refuse =
  (status: 400 | 404): Middleware =>
  (ctx) => {
    if (status === 400) throw new Refusal('bad_request', 'several hosts, or an odd request target')
    ctx.status = 404
  }

/** Layers without a method are middleware. */
const pathsOf = (router: Router) =>
  router.stack.filter(({ methods }) => methods.length > 0).map(({ path }) => String(path))

/** A route with its method, such as `POST /register`. */
const routesOf = (router: Router) =>
  router.stack.flatMap(({ methods, path }) =>
    methods.filter((method) => method !== 'HEAD').map((one) => `${one} ${String(path)}`),
  )

/** Skips the page routes by first segment, because an authorization request is none of them. */
function mounted(router: Router): Middleware {
  const known = new Set(router.stack.map(({ path }) => firstOf(String(path))))
  const middleware = router.routes() as Middleware
  return (ctx, next) => (known.has(firstOf(ctx.path)) ? middleware(ctx, next) : next())
}

/** `/login` of `/login/7/password`. */
function firstOf(path: string): string {
  const end = path.indexOf('/', 1)
  return end === -1 ? path : path.slice(0, end)
}

/** Composes like koa, without a promise and a bound function for each layer and request. */
const inOrder = (layers: readonly Middleware[]): Middleware =>
  layers.reduceRight<Middleware>(
    (inner, layer) => (ctx, next) => layer(ctx, () => inner(ctx, next)),
    (_ctx, next) => next(),
  )

const byPath =
  (paths: ReadonlySet<string>, one: Middleware, other: Middleware): Middleware =>
  (ctx, next) =>
    paths.has(ctx.path) ? one(ctx, next) : other(ctx, next)

/** Endpoints for portals' servers need no pages and no sign-in. */
function exceptForPrograms(...layers: Middleware[]): Middleware {
  const all = inOrder(layers)
  return (ctx, next) => (programEndpoints.has(ctx.path) ? next() : all(ctx, next))
}
