import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gateway } from './alipay-gateway.ts'
import { wechatErrors, type Altered, type Fault } from './faults.ts'
import { createState, issueCode, randomText, type VendorApp, type VendorState, type VendorUser } from './state.ts'
import { authorize, userCookie } from './vendor-pages.ts'
import { beginFace, exchange, faceResult, phoneNumber, stableToken, wechatError } from './wechat-api.ts'

const usualApps: VendorApp[] = [{ appid: 'wx1234', secret: 'top-secret' }]
const mostBytes = 64 * 1024

const wechatCalls: Record<string, (asked: Parameters<typeof stableToken>[0]) => object> = {
  '/sns/jscode2session': (asked) => exchange(asked, 'login'),
  '/sns/oauth2/access_token': (asked) => exchange(asked, 'web'),
  '/cgi-bin/stable_token': stableToken,
  '/wxa/business/getuserphonenumber': phoneNumber,
  '/cityservice/face/identify/getverifyid': beginFace,
  '/cityservice/face/identify/queryverifyinfo': faceResult,
}

const pages = new Set(['/connect/oauth2/authorize', '/connect/qrconnect', '/oauth2/publicAppAuthorize.htm'])

export type MadeUpVendors = Awaited<ReturnType<typeof startMadeUpVendors>>

/**
 * The servers of WeChat and Alipay on this machine, at one address: they answer as the vendors document, and fail as a
 * test says. An endpoint is named by the last part of its path; one of Alipay's gateway by its method.
 */
export async function startMadeUpVendors(options: { clock: () => number; port?: number; apps?: VendorApp[] }) {
  const { clock, port = 0, apps = usualApps } = options
  const state = createState(clock, apps)
  const altered = new Map<string, Altered>()
  const server = createServer((request, response) => {
    handle(state, altered, request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const firstApp = apps[0]?.appid ?? ''

  return {
    url,
    apps,
    alipay: {
      appid: state.alipayAppid,
      /** Of the app. */
      privateKey: () => state.appKeys().privateKey,
      /** Of Alipay. */
      publicKey: () => state.alipayKeys().publicKey,
    },
    /** All calls so far. */
    calls: state.calls,
    /** `wx.login()` in a mini program. */
    loginCode: (user: VendorUser, appid = firstApp) => issueCode(state, 'login', user, appid),
    /** The code of the button `getPhoneNumber`. */
    phoneCode: (user: VendorUser, appid = firstApp) => issueCode(state, 'phone', user, appid),
    /** The code that a page of WeChat sends back. */
    webCode: (user: VendorUser, appid = firstApp) => issueCode(state, 'web', user, appid),
    /** `my.getAuthCode` in a mini program of Alipay, or the code that its page sends back. */
    alipayCode: (user: VendorUser) => issueCode(state, 'alipay', user, state.alipayAppid),
    /** The user of every browser without the cookie of `cookieOf`. */
    visitedBy: (user: VendorUser | undefined) => void (state.visitor = user),
    /** A cookie for the address of the fake: the browser that has it is this user. */
    cookieOf(user: VendorUser): string {
      const name = randomText(8)
      state.users.set(name, user)
      return `${userCookie}=${name}`
    },
    /** The page sends browsers back two times. */
    comesTwice: (twice: boolean) => void (state.twice = twice),
    /** All answers of an endpoint have this fault, until `well`. */
    fail: (endpoint: string, fault: Fault) => void state.faults.set(endpoint, fault),
    /** Changes the text of the right answers of an endpoint, until `well`. */
    alter: (endpoint: string, alter: Altered['alter']) => void altered.set(endpoint, { alter }),
    well() {
      state.faults.clear()
      altered.clear()
    },
    /** The person finishes a face verification: WeChat's verify_ret, or T and F of Alipay. */
    finishFace(id: string, result: string) {
      const face = state.faces.get(id)
      if (face) face.result = result
    },
    /** WeChat's server forgets all its tokens, as when another program asks for one by force. */
    forgetTokens: () => void (state.tokens = []),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function handle(
  state: VendorState,
  altered: Map<string, Altered>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://vendor')
  const sent = await readAll(request)
  const form = new URLSearchParams(sent)
  const endpoint = url.pathname === '/gateway.do' ? (form.get('method') ?? '') : (url.pathname.split('/').at(-1) ?? '')
  state.calls.push({ endpoint, sent: `${url.search} ${sent}` })
  const fault = state.faults.get(endpoint)
  if (pages.has(url.pathname)) {
    const { status, location, body } = authorize(state, url.pathname, url.searchParams, request.headers.cookie ?? '')
    const headers = { 'content-type': 'text/html; charset=utf-8', ...(location === undefined ? {} : { location }) }
    return void response.writeHead(status, headers).end(body)
  }
  const usual = answerOf(state, url, sent, fault)
  send(response, altered.get(endpoint)?.alter(usual) ?? usual, fault)
}

function answerOf(state: VendorState, url: URL, sent: string, fault: Fault | undefined): string {
  if (url.pathname === '/gateway.do') return gateway(state, new URLSearchParams(sent), fault)
  if (typeof fault === 'number' && fault in wechatErrors) return JSON.stringify(wechatError(fault))
  const call = wechatCalls[url.pathname]
  const body = sent === '' ? {} : (JSON.parse(sent) as Record<string, unknown>)
  return JSON.stringify(call ? call({ state, query: url.searchParams, body, fault }) : wechatError(-1))
}

function send(response: ServerResponse, text: string, fault: Fault | undefined): void {
  const json = { 'content-type': 'application/json; encoding=utf-8' }
  const usual = () => void response.writeHead(200, json).end(text)
  const ways: Partial<Record<Fault, () => void>> = {
    slow: () => undefined,
    drip: () => drip(response.writeHead(200, json), text),
    'hang-up': () =>
      void response.writeHead(200, { ...json, 'content-length': 100_000 }).write(text, () => response.destroy()),
    'half-json': () => void response.writeHead(200, json).end(text.slice(0, text.length / 2)),
    huge: () => void response.writeHead(200, json).end(`${text}${' '.repeat(17 * 1024)}`),
    redirect: () => void response.writeHead(302, { location: '/elsewhere' }).end(text),
    'status-500': () => void response.writeHead(500, json).end(text),
    page: () => void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>busy</p>'),
    empty: () => void response.writeHead(200, json).end(),
  }
  const way = fault === undefined ? usual : (ways[fault] ?? usual)
  way()
}

/** One byte each tenth of a second. */
function drip(response: ServerResponse, text: string): void {
  let at = 0
  const timer = setInterval(() => response.write(text.slice(at, ++at) || ' '), 100)
  response.on('close', () => clearInterval(timer))
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > mostBytes) throw new Error('too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
