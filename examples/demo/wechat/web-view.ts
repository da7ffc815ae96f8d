import { request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import { readFileSync } from 'node:fs'
import { listen, type Running } from '../../listen.ts'

/** A website, and where the web view of the made-up WeChat shows it. */
export interface Shown {
  site: string
  /** Another host name than the site's: a web view has cookies of its own. */
  at: string
}

/** The browser inside a mini program of WeChat. */
const inMiniProgram =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.60 miniProgram/wx1234'

const bridge = '/made-up-wechat/bridge.js'
const bridgeFile = readFileSync(new URL('bridge.js', import.meta.url), 'utf8')

/**
 * Plays the `<web-view>` of a mini program in any browser: it passes a website on, under the name of WeChat's browser, and
 * puts WeChat's bridge into its pages. A real web view needs neither.
 */
export function startWebView(options: {
  port: number
  site: string
  all: readonly Shown[]
  /** Where the native pages of the mini program are. */
  phone: string
}): Promise<Running> {
  const { port, site, all, phone } = options
  return listen(port, (request, response) => {
    if (request.url === bridge) {
      response.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8' })
      response.end(bridgeFile.replace('{phone}', phone))
      return
    }
    const asked = ask(new URL(request.url ?? '/', site), { method: request.method, headers: sent(request, site, all) })
    asked.on('response', (answer) => void pass(answer, response, all))
    asked.on('error', () => response.writeHead(502, { 'content-type': 'text/plain' }).end('The site does not answer.'))
    request.pipe(asked)
  })
}

const toSite = (text: string, all: readonly Shown[]) =>
  all.reduce((now, { site, at }) => now.replaceAll(at, site), text)
const toShown = (text: string, all: readonly Shown[]) =>
  all.reduce((now, { site, at }) => now.replaceAll(site, at), text)

/** The headers of the browser, as if it were at the site itself. */
function sent({ headers }: IncomingMessage, site: string, all: readonly Shown[]) {
  const { origin, referer } = headers
  return {
    ...headers,
    host: new URL(site).host,
    'accept-encoding': 'identity',
    'user-agent': inMiniProgram,
    'sec-ch-ua-mobile': '?1',
    ...(origin ? { origin: toSite(origin, all) } : {}),
    ...(referer ? { referer: toSite(referer, all) } : {}),
  }
}

async function pass(answer: IncomingMessage, response: ServerResponse, all: readonly Shown[]): Promise<void> {
  const headers = { ...answer.headers }
  for (const name of ['location', 'content-security-policy'] as const) {
    const value = headers[name]
    if (typeof value === 'string') headers[name] = toShown(value, all)
  }
  if (!headers['content-type']?.startsWith('text/html')) {
    response.writeHead(answer.statusCode ?? 502, headers)
    answer.pipe(response)
    return
  }
  delete headers['content-length']
  let page = ''
  for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) page += chunk
  // only pages of Yideng run scripts, under a nonce
  const [, nonce] = /'nonce-([^']+)'/.exec(String(headers['content-security-policy'])) ?? []
  const script = nonce === undefined ? '' : `<script src="${bridge}" nonce="${nonce}"></script>`
  const links = page.replaceAll(/(?<=\s(?:href|action|content)=")[^"]*/g, (link) => toShown(link, all))
  response.writeHead(answer.statusCode ?? 502, headers).end(links.replace('<head>', `<head>${script}`))
}
