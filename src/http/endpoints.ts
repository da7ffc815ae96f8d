import type { BudgetName } from '../config/budgets.ts'
import { tifProfiles, type TifProfile } from '../config/legacy-protocols.ts'
import { loginMethods } from '../login-methods.ts'

const tifEndpoints = ({ base, oneOffCode }: TifProfile): [string, readonly BudgetName[]][] => [
  [`${base}/authorize`, ['requests', 'stored']],
  [`${base}/access_token`, ['calls', 'refusedCalls', 'secrets']],
  [`${base}/tokeninfo`, ['calls', 'refusedCalls']],
  ...(oneOffCode === undefined ? [] : [[oneOffCode, ['calls', 'refusedCalls', 'secrets']] as [string, BudgetName[]]]),
]

/**
 * The budgets of each endpoint. The longest matching prefix of a route applies. A route without an entry stops the
 * start.
 */
export const endpoints: Readonly<Record<string, readonly BudgetName[]>> = {
  '/': ['requests'],
  '/account': ['requests'],
  '/admin/v1': ['requests', 'adminRefusals'],
  '/assets': ['requests'],
  '/authorize': ['requests', 'stored'],
  '/cas': ['requests'],
  '/cas/login': ['requests', 'stored'],
  '/cas/p3/serviceValidate': ['calls', 'refusedCalls'],
  '/cas/serviceValidate': ['calls', 'refusedCalls'],
  '/cas/validate': ['calls', 'refusedCalls'],
  '/cookies': ['requests'],
  '/device': ['requests', 'deviceTries', 'stored'],
  '/device_authorization': ['calls', 'refusedCalls', 'deviceTries', 'secrets', 'stored'],
  '/elder': ['requests'],
  '/healthz': ['memory'],
  '/introspect': ['calls', 'refusedCalls', 'secrets'],
  '/jwks': ['requests'],
  '/language': ['requests'],
  '/login': ['requests'],
  '/login/:attempt/register': ['requests', 'registrations'],
  '/logout': ['requests', 'stored'],
  '/metrics': ['oneAtATime'],
  '/par': ['calls', 'refusedCalls', 'secrets', 'stored'],
  '/privacy': ['requests'],
  '/readyz': ['oneAtATime'],
  '/recover': ['requests'],
  '/recover/code': ['requests', 'recoveries'],
  '/recover/sms': ['requests', 'recoveries'],
  '/register': ['requests', 'registrations'],
  '/registered': ['requests'],
  '/revoke': ['calls', 'refusedCalls', 'secrets'],
  '/texts/receipts': ['requests'],
  '/token': ['calls', 'refusedCalls', 'secrets', 'stored'],
  '/userinfo': ['calls', 'refusedCalls', 'stored'],
  '/.well-known': ['requests'],
  ...Object.fromEntries(tifProfiles.flatMap(tifEndpoints)),
  ...Object.assign({}, ...loginMethods.map((method) => method.endpoints)),
}

/** Routes of oidc-provider, health checks and files. Our own routers list theirs. */
export const fixedRoutes = [
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
  '/assets/:file',
  '/authorize',
  '/authorize/:uid',
  '/cookies/clear',
  '/device',
  '/device/:uid',
  '/device_authorization',
  '/healthz',
  '/introspect',
  '/jwks',
  '/logout',
  '/logout/confirm',
  '/logout/success',
  '/metrics',
  '/par',
  '/readyz',
  '/revoke',
  '/token',
  '/userinfo',
] as const

/**
 * The entry of `endpoints` for a route.
 * @throws Error for a route without an entry
 */
export function endpointOf(route: string): string {
  let line = route
  while (!(line in endpoints)) {
    const end = line.lastIndexOf('/')
    if (end <= 0) throw new Error(`the route ${route} has no budget in src/http/endpoints.ts`)
    line = line.slice(0, end)
  }
  return line
}

/** Endpoints that clients call: counted by client when it is authenticated. */
export const calledByClients: ReadonlySet<string> = new Set(
  Object.keys(endpoints).filter((line) => endpoints[line]?.includes('calls')),
)
