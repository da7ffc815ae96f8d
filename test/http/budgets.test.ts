import { createSecretKey } from 'node:crypto'
import Router from 'oidc-provider/lib/helpers/router.js'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { createDeviceFlow, type DeviceFlowDeps } from '../../src/oidc/device-flow.ts'
import { createProvider, type ProviderDeps } from '../../src/oidc/provider.ts'
import { budgets } from '../../src/config/budgets.ts'
import { calledByClients, endpointOf, endpoints, fixedRoutes } from '../../src/http/endpoints.ts'
import { documentedSettings, readSettings } from '../../src/config/settings.ts'
import { openSigningKeys, signersFirst } from '../../src/keys/signing-keys.ts'
import { questions } from '../../src/login/questions/questions.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { routeOf, routesOf, type Route } from '../setup/routes.ts'
import { startServer, type RunningServer } from '../setup/server.ts'

describe('the table of budgets', () => {
  it('names existing settings', () => {
    const names = new Set(documentedSettings.map(({ name }) => name))
    for (const { most } of Object.values(budgets)) if (typeof most === 'string') expect(names).toContain(most)
  })

  it('has an entry for each route, and stops the start without one', () => {
    for (const route of fixedRoutes) expect(endpoints[endpointOf(route)], route).not.toEqual([])
    expect(endpointOf('/login/:attempt/qr/start')).toBe('/login/:attempt/qr/start')
    expect(endpointOf('/login/:attempt/consent')).toBe('/login')
    expect(() => endpointOf('/of-tomorrow')).toThrow('/of-tomorrow has no budget')
    expect(() => endpointOf('/loginx')).toThrow('no budget')
  })
})

describe('every route of the server', () => {
  let server: RunningServer
  let routes: Route[]
  const most = 10

  beforeAll(async () => {
    server = await startServer({
      YIDENG_LOG_LEVEL: 'debug',
      YIDENG_TRUST_PROXY: 'true',
      YIDENG_ADDRESS_REQUESTS: String(most),
    })
    const { pages, programs } = routesOf(server)
    const fixed = fixedRoutes.map((path) => routeOf(`${calledByClients.has(path) ? 'POST' : 'GET'} ${path}`))
    routes = [...pages, ...programs, ...fixed]
    expect(routes.length).toBeGreaterThan(130)
  })

  const ask = ({ method, path, at }: Route, network: string) =>
    fetch(`${server.issuer}${at(path.includes(':uid') ? 'y' : 'x')}`, {
      method,
      redirect: 'manual',
      headers: {
        accept: 'application/json',
        'x-forwarded-for': network,
        ...(method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      },
      ...(method === 'POST' ? { body: 'client_id=nobody' } : {}),
    }).then(async (answer) => {
      await answer.arrayBuffer()
      return answer
    })

  /** Routes that need no store, or one store request at a time. */
  const free = (route: Route) => ['memory', 'oneAtATime'].includes(endpoints[endpointOf(route.path)]?.[0] ?? '')

  it('limits only the network with too many requests, with the seconds to wait', async () => {
    for (const [index, route] of routes.entries()) {
      if (free(route)) continue
      const network = `198.51.${Math.floor(index / 250)}.${(index % 250) + 1}`
      // within one window of ten seconds: the next one starts at zero
      const held = await vi.waitUntil(
        async () => {
          const answers = await Promise.all(Array.from({ length: most + 5 }, () => ask(route, network)))
          return answers.find(({ status }) => status === 429)
        },
        { timeout: 30_000, interval: 1 },
      )
      expect(Number(held?.headers.get('retry-after')), route.path).toBeGreaterThan(0)
      expect((await ask(route, network.replace('198.51.', '203.0.'))).status, route.path).not.toBe(429)
    }
  })
})

/** Enough for the configuration; no request reaches it. */
function providerParts(): ProviderDeps {
  const clock = () => Date.now()
  const parts: Partial<ProviderDeps> = {
    settings: readSettings({}),
    clock,
    pairwiseKey: createSecretKey(Buffer.alloc(32)),
    cookieKeys: ['k'.repeat(32)],
    signingKeys: signersFirst(openSigningKeys(temporaryDirectory(), clock), clock()),
    deviceFlow: createDeviceFlow({ clock } as DeviceFlowDeps),
    ownClients: new Set(),
    questions,
  }
  return parts as ProviderDeps
}

describe('oidc-provider', () => {
  it('has no route outside the table', () => {
    const paths = new Set<string>()
    const methods = ['get', 'post', 'put', 'delete', 'options'] as const
    for (const method of methods)
      vi.spyOn(Router.prototype, method).mockImplementation((_name, path) => {
        paths.add(path)
        return {}
      })
    try {
      createProvider(providerParts())
    } finally {
      vi.restoreAllMocks()
    }
    expect(paths.size).toBeGreaterThan(14)
    for (const path of paths) {
      expect(fixedRoutes).toContain(path)
      expect(endpoints[endpointOf(path)], path).toBeDefined()
    }
  })
})
