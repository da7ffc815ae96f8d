import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Context, Middleware } from 'koa'

export interface Metrics {
  contentType: string
  text(): Promise<string>
  /** Counts and times every request by route, never by address or person. */
  middleware: Middleware
}

/** The route of a request with its parameters left out; anything nobody registered is one label. */
function routeOf(ctx: Context): string {
  const route = ctx as { routerPath?: string; _matchedRoute?: string | RegExp; _matchedRouteName?: string }
  return String(route._matchedRouteName ?? route._matchedRoute ?? 'none')
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'yideng_http_requests_total',
    help: 'Requests by method, route and status',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  })
  const durations = new Histogram({
    name: 'yideng_http_request_seconds',
    help: 'Time until the answer, by route',
    labelNames: ['route'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  })
  const series = new Map<string, { count: Counter.Internal; time: Histogram.Internal<'route'> }>()
  const seriesOf = (method: string, route: string, status: number) => {
    const key = `${method} ${route} ${status}`
    let known = series.get(key)
    if (!known) {
      known = { count: requests.labels({ method, route, status }), time: durations.labels({ route }) }
      series.set(key, known)
    }
    return known
  }

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    async middleware(ctx, next) {
      const began = performance.now()
      try {
        await next()
      } finally {
        const { count, time } = seriesOf(ctx.method, routeOf(ctx), ctx.status)
        count.inc()
        time.observe((performance.now() - began) / 1000)
      }
    },
  }
}
