import { listen, type Running } from '../listen.ts'
import { html, type Html } from '../portal/html.ts'

interface Text {
  to: string
  text: string
}

const mostTexts = 50
const mostBytes = 10_000

/** A made-up telephone: it takes every text of the demo (YIDENG_SMS=webhook), and a page shows them, the newest first. */
export function startTelephone(port: number): Promise<Running> {
  const texts: Text[] = []
  return listen(port, (request, response) => {
    if (request.method === 'GET') {
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.setHeader('content-security-policy', "default-src 'none'")
      response.end(pageOf(texts).text)
      return
    }
    let body = ''
    request.on('data', (chunk: Buffer) => (body.length < mostBytes ? (body += chunk.toString()) : request.destroy()))
    request.on('end', () => {
      const { to, text } = JSON.parse(body) as Text
      texts.unshift({ to, text })
      texts.length = Math.min(texts.length, mostTexts)
      response.writeHead(204).end()
    })
  })
}

const pageOf = (texts: readonly Text[]): Html =>
  html`<!doctype html>
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta http-equiv="refresh" content="3" />
        <title>演示手机</title>
      </head>
      <body>
        <h1>演示手机</h1>
        <p>演示中发给所有号码的短信都在这里，最新的在最上面。这一页每三秒更新。</p>
        ${
          texts.length === 0
            ? html`<p>还没有短信。</p>`
            : texts.map(
                ({ to, text }) =>
                  html`<h2>${to}</h2>
                    <p>${text}</p>`,
              )
        }
      </body>
    </html> `
