import type { RunningServer } from './server.ts'

/** All routes of a server, from its log. The server needs YIDENG_LOG_LEVEL=debug. */
export function routesOf(server: RunningServer): { programs: Route[]; pages: Route[] } {
  const line = server
    .output()
    .split('\n')
    .find((one) => one.includes('"msg":"routes"'))
  if (!line) throw new Error('the log has no line with the routes')
  const { programs, pages } = JSON.parse(line) as Record<'programs' | 'pages', string[]>
  return { programs: programs.map(routeOf), pages: pages.map(routeOf) }
}

export interface Route {
  method: string
  path: string
  /** The path with its parameters filled in. */
  at(parameter: string): string
}

export function routeOf(text: string): Route {
  const [method = '', path = ''] = text.split(' ')
  return { method, path, at: (parameter) => path.replaceAll(/:\w+/g, parameter) }
}
