import Router from '@koa/router'
import type Koa from 'koa'
import type { Middleware } from 'koa'
import type { Logger } from 'pino'
import { accountRoutes, type AccountCentreParts } from '../account-centre/account-centre.ts'
import { adminApi, type AdminApiParts } from '../admin/api.ts'
import type { Clients } from '../clients/clients.ts'
import type { Settings } from '../config/settings.ts'
import { questionRoutes, type QuestionParts } from '../login/questions.ts'
import type { LoginMethod } from '../login/method.ts'
import { recoveryRoutes, type RecoveryParts } from '../login/recovery.ts'
import { registrationRoutes, type RegistrationParts } from '../login/registration.ts'
import { auditPortals } from '../oidc/portal-audit.ts'
import { rememberSessions } from '../oidc/session-memory.ts'
import type { Assets } from '../pages/assets.ts'
import { calmErrors } from './errors.ts'
import { forms } from './forms.ts'
import { frontDoorRoutes, staticFiles } from './front-door.ts'
import { onlyAsIssuer, securityHeaders } from './headers.ts'
import { health, type ReadyCheck } from './health.ts'
import type { Metrics } from './metrics.ts'
import { visiting, type VisitParts } from './visit.ts'

export interface AppParts {
  /** oidc-provider is a koa application; ours is the same one with our middleware before its own. */
  provider: Koa
  settings: Settings
  log: Logger
  ready: ReadyCheck
  metrics: Metrics
  assets: Assets
  visit: VisitParts
  clients: Clients
  methods: readonly LoginMethod[]
  login: QuestionParts & RegistrationParts & RecoveryParts
  account: AccountCentreParts
  sessionMemory: Parameters<typeof rememberSessions>[0]
  portalAudit: Parameters<typeof auditPortals>[0]
  deviceDoor: Middleware
  admin: AdminApiParts
}

/** Everything a request passes, from top to bottom; oidc-provider comes last. */
export function createApp(parts: AppParts): Koa {
  const { provider, settings, log } = parts
  const secure = settings.issuer.startsWith('https:')
  provider.proxy = true // onlyAsIssuer has replaced what a request claims

  const middleware: Middleware[] = [
    parts.metrics.middleware,
    health(parts.ready, parts.metrics),
    onlyAsIssuer(settings.issuer),
    securityHeaders(secure),
    staticFiles(parts.assets),
    visiting(parts.visit),
    calmErrors(log),
    programRoutes(parts),
    ownRoutes(parts, secure),
    parts.deviceDoor,
    rememberSessions(parts.sessionMemory),
    auditPortals(parts.portalAudit),
  ]
  for (const one of middleware) provider.use(one)
  return provider
}

/** What is for programs: no cookies count there, so no form's token is asked for. */
function programRoutes({ methods, admin }: AppParts): Middleware {
  const router = new Router()
  router.use(noStore)
  for (const method of methods) method.api?.(router)
  adminApi(router, admin)
  return onlyIn(rooms(router), router.routes() as Middleware)
}

function ownRoutes(parts: AppParts, secure: boolean): Middleware {
  const router = new Router()
  router.use(noStore, forms(parts.settings.issuer))
  frontDoorRoutes(router, { clients: parts.clients, secure })
  questionRoutes(router, parts.login)
  registrationRoutes(router, parts.login)
  recoveryRoutes(router, parts.login)
  accountRoutes(router, parts.account)
  for (const method of parts.methods) {
    const room = new Router({ prefix: `/login/:attempt/${method.name}` })
    method.routes(room, parts.login.host)
    router.use(room.routes())
  }
  return onlyIn(rooms(router), router.routes() as Middleware)
}

/** The first segments of the addresses a router answers. */
const rooms = (router: Router) => new Set(router.stack.map(({ path }) => String(path).split('/')[1]))

/** Spares a portal's request the search through the addresses of pages. */
function onlyIn(known: ReadonlySet<string | undefined>, middleware: Middleware): Middleware {
  return (ctx, next) => (known.has(ctx.path.split('/')[1]) ? middleware(ctx, next) : next())
}

const noStore: Middleware = (ctx, next) => {
  ctx.set('cache-control', 'no-store')
  return next()
}
