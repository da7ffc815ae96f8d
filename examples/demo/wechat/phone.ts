import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { listen, type Running } from '../../listen.ts'
import { html, Html } from '../../portal/html.ts'
import { readForm } from '../../portal/web.ts'
import type { Shown } from './web-view.ts'

/** A person in the made-up WeChat. */
export interface WechatUser {
  name: string
  openid: string
  unionid: string
}

/** The settings of the mini program, as examples/mini-program has them. */
interface MiniProgram {
  issuer: string
  channel: string
  portal: string
}

interface Phone {
  port: number
  program: MiniProgram
  users: readonly WechatUser[]
  websites: readonly Shown[]
  /** `wx.login()` of the made-up WeChat. */
  loginCode(user: WechatUser): string
}

const own = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')
/** The pages that people paste: the demo runs the very same files. */
const pasted = (name: string) =>
  readFileSync(new URL(`../../mini-program/wechat/pages/yideng/${name}`, import.meta.url), 'utf8')

/** A module of a mini program as the shell runs it. */
const asModule = (name: string, text: string) => `modules['./${name}'] = (require, module) => {\n${text}\n}\n`

const files: Readonly<Record<string, (program: MiniProgram) => string>> = {
  '/phone.css': () => own('phone.css'),
  '/shell.js': () => own('shell.js'),
  '/pages/yideng/modules.js': (program) =>
    [
      asModule('settings.js', `module.exports = ${JSON.stringify(program)}`),
      ...['yideng.js', 'index.js'].map((name) => asModule(name, pasted(name))),
      "load('./index.js')\n",
    ].join('\n'),
}

/** A native page is shown for this time, so that a person sees it, in ms. */
const nativeWaitMs = 900

/** The made-up telephone: WeChat's first page, and the native pages of the mini program. */
export function startPhone(phone: Phone): Promise<Running> {
  let [user] = phone.users
  return listen(phone.port, (request, response) => {
    answer(request, response).catch(() => response.destroy())
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://phone')
    const file = request.method === 'GET' ? files[pathname] : undefined
    if (file) return send(response, pathname.endsWith('.css') ? 'text/css' : 'text/javascript', file(phone.program))
    switch (`${request.method} ${pathname}`) {
      case 'GET /':
        return send(response, 'text/html', homePage(phone, user).text)
      case 'POST /user': {
        const name = (await readForm(request)).get('name')
        user = phone.users.find((one) => one.name === name) ?? user
        return leadTo(response, '/')
      }
      case 'GET /web':
        return leadTo(response, inWebView(phone, searchParams.get('address') ?? ''))
      case 'GET /pages/yideng/index':
        return send(response, 'text/html', nativePage().text)
      case 'POST /login-code':
        return user ? send(response, 'text/plain', phone.loginCode(user)) : leadTo(response, '/')
      case 'POST /request':
        return passRequest(phone, request, response)
      default:
        response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such page.')
    }
  }
}

function send(response: ServerResponse, type: string, text: string): void {
  response
    .writeHead(200, {
      'content-type': `${type}; charset=utf-8`,
      'content-security-policy':
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
    .end(text)
}

const leadTo = (response: ServerResponse, location: string) => void response.writeHead(303, { location }).end()

/** The address as the web view shows it; only the websites of the mini program, as WeChat's business domains. */
function inWebView({ websites }: Phone, address: string): string {
  const website = websites.find(({ site }) => URL.parse(address)?.origin === site)
  return website ? website.at + address.slice(website.site.length) : '/'
}

/** `wx.request`: a mini program asks a server without the cookies of its web view. */
async function passRequest({ program }: Phone, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) text += chunk
  const { url, data } = JSON.parse(text) as { url: string; data: unknown }
  if (URL.parse(url)?.origin !== program.issuer) return void response.writeHead(400).end('{}')
  const answered = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(data),
  })
  response.writeHead(answered.status, { 'content-type': 'application/json' }).end(await answered.text())
}

const page = (attributes: Html, title: string, body: Html): Html =>
  html`<!doctype html>
    <html lang="zh-CN" ${attributes}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <link rel="stylesheet" href="/phone.css" />
        <title>${title}</title>
      </head>
      <body>
        ${body}
      </body>
    </html> `

const homePage = ({ users, program }: Phone, user: WechatUser | undefined): Html =>
  page(
    html``,
    '仿造的微信',
    html`<header>仿造的微信</header>
      <main>
        <h1>您现在是${user?.name ?? ''}</h1>
        <p>
          这部手机上的微信是仿造的，里面的人也是。打开小程序，在里面登录：第一次用密码，并选择绑定；第二次按一下就行。
        </p>
        <a class="act" href="/web?address=${encodeURIComponent(program.portal)}">打开小程序“粤省事”</a>
        <form method="post" action="/user">
          ${users
            .filter((one) => one !== user)
            .map(({ name }) => html`<button name="name" value="${name}">换成${name}</button>`)}
        </form>
      </main>`,
  )

const nativePage = (): Html =>
  page(
    html`data-waits="${nativeWaitMs}"`,
    '粤省事',
    html`<header>粤省事</header>
      <main class="native">
        ${new Html(pasted('index.wxml'))}
        <p class="note">这是小程序自己的页面：examples/mini-program/wechat/pages/yideng</p>
      </main>
      <script src="/shell.js"></script>
      <script src="/pages/yideng/modules.js"></script>`,
  )
