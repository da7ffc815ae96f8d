import type { Context, Middleware } from 'koa'

/** The characters of our paths (unreserved, RFC 3986 section 2.3). They are never percent-encoded. */
const segmentForm = /^(?!\.{1,2}$)[\w.~-]+$/

/** Routes as a tree of their segments. */
interface Step {
  literal: Map<string, Step>
  parameter: Step | undefined
  isRoute: boolean
}

const newStep = (): Step => ({ literal: new Map(), parameter: undefined, isRoute: false })

/**
 * Whether a path is one of these routes in its exact spelling, with case and slashes. A parameter matches one segment
 * of unreserved characters.
 * @param routes such as `/login/:attempt/consent`
 */
export function createKnownPaths(routes: Iterable<string>): (path: string) => boolean {
  const root = newStep()
  for (const route of routes) {
    let step = root
    for (const segment of segmentsOf(route)) {
      if (segment.startsWith(':')) step = step.parameter ??= newStep()
      else {
        const next = step.literal.get(segment) ?? newStep()
        step.literal.set(segment, next)
        step = next
      }
    }
    step.isRoute = true
  }
  return (path) => (path === '/' ? root.isRoute : path.startsWith('/') && leadsToRoute(root, path, 1))
}

const segmentsOf = (route: string) => route.split('/').filter(Boolean)

/** @param from index of the next segment */
function leadsToRoute(step: Step, path: string, from: number): boolean {
  const slash = path.indexOf('/', from)
  const end = slash === -1 ? path.length : slash
  const segment = path.slice(from, end)
  const goesOn = (next: Step | undefined) =>
    next !== undefined && (slash === -1 ? next.isRoute : leadsToRoute(next, path, end + 1))
  return goesOn(step.literal.get(segment)) || (segmentForm.test(segment) && goesOn(step.parameter))
}

export interface CanonicalOptions {
  issuer: string
  known: (path: string) => boolean
  /** Answers a request in the exact spelling. */
  taken: Middleware
  /** Answers any other request. It comes before all rules, and no route follows it. */
  refused: (status: 400 | 404) => Middleware
}

/**
 * Allows only requests that all later rules read alike: one `Host` (RFC 9112 section 3.2), one form of target, the
 * exact spelling of a route. Routers fold case and trailing slashes, but rules that compare paths do not.
 */
export function canonicalOnly({ issuer, known, taken, refused }: CanonicalOptions): Middleware {
  const malformed = refused(400)
  const unknown = refused(404)
  const { host } = new URL(issuer)
  return (ctx, next) => {
    takeAbsoluteForm(ctx, issuer)
    if (hasSeveralHosts(ctx.req.rawHeaders) || !hasPlainTarget(ctx)) {
      ctx.req.headers.host = host // no redirect to the exact spelling
      return malformed(ctx, next)
    }
    return known(ctx.path) ? taken(ctx, next) : unknown(ctx, next)
  }
}

/**
 * `GET https://issuer/path` equals `GET /path` (RFC 9112 section 3.2.2). Another origin stays in the target, which is
 * malformed then.
 */
function takeAbsoluteForm(ctx: Context, issuer: string): void {
  const [, scheme = '', host, path] = /^(https?):\/\/([^/?#]*)(\/.*)$/is.exec(ctx.req.url ?? '') ?? []
  if (path === undefined || !issuer.startsWith(`${scheme.toLowerCase()}:`) || !isHostOf(issuer, host)) return
  ctx.req.url = path
  ctx.originalUrl = ctx.req.url
  ctx.request.originalUrl = ctx.req.url
}

const hostForm = /^[\w.:[\]-]+$/
const withoutDot = (host: string) => host.replace(/\.(?=:\d+$|$)/, '')

/**
 * Whether a Host is that of the issuer in any spelling: case, a final dot, the scheme's own port (RFC 9110 section
 * 4.2.3, RFC 3986 sections 3.2.2 and 6.2.2.1).
 */
export function isHostOf(issuer: string, host: string | undefined): boolean {
  if (host === undefined || !hostForm.test(host)) return false
  const { protocol, host: own } = new URL(issuer)
  const address = `${protocol}//${host}`
  return URL.canParse(address) && withoutDot(new URL(address).host) === withoutDot(own)
}

/** The path of a target: from its first slash to its query. `*` and `host:port` have none. */
function hasPlainTarget(ctx: Context): boolean {
  const { url = '' } = ctx.req
  if (!url.startsWith('/') || url.includes('#')) return false
  const query = url.indexOf('?')
  return ctx.path === (query === -1 ? url : url.slice(0, query))
}

function hasSeveralHosts(rawHeaders: readonly string[]): boolean {
  let seen = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') seen += 1
  }
  return seen > 1
}
