import { X509Certificate } from 'node:crypto'
import { createServer } from 'node:http'
import { isIPv4 } from 'node:net'
import type { Running } from '../../listen.ts'
import { html } from '../../portal/html.ts'
import { sendPage } from '../../portal/web.ts'
import { listenOn } from './front.ts'
import type { Lan, LanCertificates } from './lan.ts'
import words from './trust-page.json' with { type: 'json' }

const file = '/yideng-demo-ca.crt'
const style = `:root { color-scheme: light dark }
body { font: 17px/1.6 'PingFang SC', 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif; max-width: 32rem; margin: 0 auto; padding: 1rem }
h1 { font-size: 24px; line-height: 1.35 } h2 { font-size: 20px; margin: 2rem 0 .5rem; line-height: 1.35 }
[lang=en] { opacity: .75; font-size: 15px; font-weight: 400 }
.get { display: block; padding: .8rem; border-radius: .6rem; background: #0d5b52; color: #fff; text-align: center; text-decoration: none; font-weight: 700 }
code { font-size: 14px; word-break: break-all } ul { padding: 0; list-style: none } li { margin: .75rem 0 }`

/** The fingerprint that the terminal and the page show (SHA-256). */
export const fingerprintOf = (cert: string): string => new X509Certificate(cert).fingerprint256

const both = (key: keyof typeof words) =>
  html`<span>${words[key].zh}</span><br /><span lang="en">${words[key].en}</span>`

/**
 * The page by which a telephone gets the certificate: http, because the telephone does not trust the demo yet.
 * It holds no secret; what it offers must be compared with the terminal.
 */
export async function startTrustPage(
  { address, host }: Lan,
  { authority }: Pick<LanCertificates, 'authority'>,
  port: number,
  portals: readonly { readonly name: string; readonly url: string }[],
): Promise<Running> {
  const page = html`<!doctype html>
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${words.title.zh} ${words.title.en}</title>
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <h1>${both('title')}</h1>
        <p>${both('why')}</p>
        <h2>${both('get')}</h2>
        <p>${both('same')}</p>
        <p><code>${fingerprintOf(authority)}</code></p>
        <p><a class="get" href="${file}">${words.download.zh} ${words.download.en}</a></p>
        <h2>${both('trust')}</h2>
        <p>${both('iphone')}</p>
        <p>${both('android')}</p>
        <h2>${both('open')}</h2>
        <ul>
          ${portals.map(({ name, url }) => html`<li><a href="${url}">${name}</a><br /><code>${url}</code></li>`)}
        </ul>
        ${isIPv4(host) ? html`<p>${both('passkeys')}</p>` : ''}
      </body>
    </html>`
  const server = createServer((request, response) => {
    if (request.method !== 'GET') response.writeHead(405).end()
    else if (request.url === '/') sendPage(response, 200, page, '')
    else if (request.url === '/style.css') response.writeHead(200, { 'content-type': 'text/css' }).end(style)
    else if (request.url === file)
      response
        .writeHead(200, { 'content-type': 'application/x-x509-ca-cert', 'cache-control': 'no-store' })
        .end(new X509Certificate(authority).raw)
    else response.writeHead(404).end()
  })
  await listenOn(server, port, address)
  return {
    url: `http://${address}:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
