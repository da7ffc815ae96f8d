import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { request } from 'node:https'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { unavailablePage } from '../../docs/proxy-page.ts'
import { makeCertificate } from '../setup/certificate.ts'
import { freePort } from '../setup/free-port.ts'
import { documentedNginx, noNginx, startNginx } from '../setup/nginx.ts'
import { until } from '../setup/server.ts'

const page = unavailablePage({ service: '<广东省> & 统一身份认证', helpline: '020-12345' })

describe('the page of a proxy without a server', () => {
  it('asks for nothing else, runs nothing, and its policy allows its own style alone', () => {
    expect(page).not.toMatch(/<script|<link|<img|url\(|@import|src=|\son\w+=/)
    expect([...page.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual(['', 'tel:02012345', '', ''])
    const [, style = ''] = /<style>([^]*?)<\/style>/.exec(page) ?? []
    expect(page).toContain(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`)
  })

  it('speaks every language, has one primary act, and escapes the name of the service', () => {
    for (const text of [
      'lang="zh-CN"',
      'lang="zh-Hant"',
      'lang="en"',
      '一登暂时无法使用',
      'Please try again in a minute.',
    ])
      expect(page).toContain(text)
    expect(page.match(/class="button"/g)).toHaveLength(1)
    expect(page).toContain('<small>&#60;广东省&#62; &#38; 统一身份认证</small>')
  })
})

interface Answer {
  status: number | undefined
  type: string | undefined
  retryAfter: string | undefined
  body: string
}

describe.skipIf(noNginx)('nginx as docs/deploy.md configures it', () => {
  let port: number
  let upstream: number
  let ca: string

  function ask(path: string, accept: string, method = 'GET'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', servername: 'localhost', port, path, method, ca, headers: { accept } }
      request(options, (answer) => {
        let body = ''
        answer.setEncoding('utf8').on('data', (text: string) => (body += text))
        answer.on('end', () => {
          const { 'content-type': type, 'retry-after': retryAfter } = answer.headers
          resolve({ status: answer.statusCode, type, retryAfter, body })
        })
      })
        .on('error', reject)
        .end()
    })
  }

  beforeAll(async () => {
    const certificate = makeCertificate()
    ca = readFileSync(certificate.cert, 'utf8')
    ;[port, upstream] = [await freePort(), await freePort()]
    await startNginx(documentedNginx(port, [upstream], certificate))
    await until(() => ask('/', 'text/html').then(Boolean, () => false))
  })

  it.each(['GET', 'POST'])(
    'shows the page to people and a document to programs where no server answers: %s',
    async (method) => {
      const html = await ask('/login/x/password', 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8', method)
      expect(html).toMatchObject({ status: 503, type: 'text/html; charset=utf-8', retryAfter: '10' })
      expect(html.body).toBe(readFileSync(new URL('../../docs/proxy/unavailable.html', import.meta.url), 'utf8'))
      const json = await ask('/token', '*/*', method)
      expect(json).toMatchObject({ status: 503, type: 'application/json', retryAfter: '10' })
      expect(JSON.parse(json.body)).toMatchObject({ error: 'temporarily_unavailable' })
    },
  )

  it('leaves the answer of a server as it is', async () => {
    const server = createServer((_asked, answer) => {
      answer.writeHead(503, { 'retry-after': '7', 'content-type': 'text/html' }).end('our own page')
    })
    await new Promise<void>((resolve) => server.listen(upstream, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    await until(async () => (await ask('/', 'text/html')).body === 'our own page')
    expect(await ask('/', 'text/html')).toMatchObject({ status: 503, retryAfter: '7', body: 'our own page' })
  })

  it('gives the file to no request that names it', async () => {
    expect((await ask('/unavailable.html', 'text/html')).status).toBe(404)
  })
})
