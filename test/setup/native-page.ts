import { readFileSync } from 'node:fs'
import { compileFunction } from 'node:vm'

/** Folders of examples/mini-program, and the object that the vendor's app gives to pages there. */
const programs = { wechat: 'wx', alipay: 'my' } as const

type Vendor = keyof typeof programs

interface WebPage {
  data: { address: string }
  setData(values: object): void
}

/** A page of a mini program after `Page()`, with its own functions. */
export interface NativePage {
  data: Record<string, unknown>
  setData(values: object): void
  onLoad(query: Record<string, string>): void
  start(): void
  send(event: { detail: { code?: string } }): void
}

export const programFile = (vendor: Vendor, path: string) =>
  readFileSync(new URL(`../../examples/mini-program/${vendor}/${path}`, import.meta.url), 'utf8')

const withData = <T extends { data: object }>(page: T) => {
  page.data = { ...page.data }
  return Object.assign(page, { setData: (values: object) => void Object.assign(page.data, values) })
}

/**
 * Runs a page of examples/mini-program as the app does, with made-up functions of the app.
 * @param app what `wx` or `my` has besides `request` and `navigateBack`
 * @param below whether a web view opened the page
 */
export function openNativePage(options: {
  vendor: Vendor
  page: string
  settings: { issuer: string; channel: string }
  app: Record<string, unknown>
  below?: boolean
}) {
  const { vendor, page: name, settings, app, below = true } = options
  const web: WebPage = withData({ data: { address: '' }, setData: () => undefined })
  let page: NativePage | undefined
  let ended: (address: string) => void
  /** Where the web view goes after the native page has closed itself. */
  const back = new Promise<string>((resolve) => (ended = resolve))
  const asked: string[] = []

  const given = {
    ...app,
    request: ({ url, method, data, headers, success, fail }: Asked) => {
      asked.push(url)
      // WeChat sends JSON by itself, Alipay with this header only
      const json = vendor === 'wechat' || headers?.['content-type'] === 'application/json'
      const body = json ? JSON.stringify(data) : new URLSearchParams(data as Record<string, string>).toString()
      fetch(url, { method, body, headers: { 'content-type': json ? 'application/json' : 'text/plain' } })
        .then(async (answer) =>
          success({ statusCode: answer.status, status: answer.status, data: await answer.json() }),
        )
        .catch(() => fail({ errMsg: 'request:fail' }))
    },
    navigateBack: () => ended(web.data.address),
  }
  const require = (module: string): unknown => {
    if (module.endsWith('settings.js')) return { portal: '', ...settings }
    const made = { exports: {} }
    run(module.replace('./', 'pages/yideng/'), made)
    return made.exports
  }
  function run(path: string, module: { exports: unknown }): void {
    const names = ['require', 'module', 'Page', programs[vendor], 'getCurrentPages']
    const script = compileFunction(programFile(vendor, path), names, { filename: `${vendor}/${path}` })
    const register = (own: NativePage) => (page = withData({ ...own }))
    script(require, module, register, given, () => (below ? [web, page] : [page]))
  }
  run(`pages/${name}.js`, { exports: {} })
  if (!page) throw new Error(`${name} registers no page`)
  return { page, web, back, asked }
}

interface Asked {
  url: string
  method: string
  data: object
  headers?: Record<string, string>
  success(answer: { statusCode: number; status: number; data: unknown }): void
  fail(error: { errMsg: string }): void
}

interface Given {
  issuer: string
  channel: string
  handle: string
  /** The code that `wx.login` gives. */
  login: string
  /** The camera of `wx.requestFacialVerify`. */
  verify?(verifyId: string): void
}

/**
 * Runs a native page of WeChat from its opening to its end.
 * @param phoneCode for the page of numbers: what its button gives
 * @returns the address that it opens in its web view; undefined where it says that it failed
 */
export function runNativePage(name: 'face' | 'phone', given: Given, phoneCode?: string): Promise<string | undefined> {
  const { issuer, channel, handle, login, verify } = given
  const app = {
    login: ({ success }: { success(answer: { code: string }): void }) => success({ code: login }),
    requestFacialVerify({ verifyId, complete }: { verifyId: string; complete(): void }) {
      verify?.(verifyId)
      complete()
    },
  }
  const { page, back } = openNativePage({
    vendor: 'wechat',
    page: `yideng/${name}`,
    settings: { issuer, channel },
    app,
  })
  return new Promise((resolve) => {
    const { setData } = page
    page.setData = (values) => {
      setData(values)
      if (page.data['failed'] === true) resolve(undefined)
    }
    void back.then(resolve)
    page.onLoad({ a: handle })
    if (name === 'phone') page.send({ detail: phoneCode === undefined ? {} : { code: phoneCode } })
  })
}
