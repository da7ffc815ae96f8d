import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'

const pages = new URL('../../examples/mini-program/wechat/pages/yideng/', import.meta.url)

interface Given {
  issuer: string
  channel: string
  handle: string
  /** The code that `wx.login` gives. */
  login: string
  /** The camera of `wx.requestFacialVerify`. */
  verify?(verifyId: string): void
}

interface NativePage {
  setData(change: object): void
  onLoad(query: { a: string }): void
  send?(event: { detail: { code?: string } }): void
}

interface Request {
  url: string
  method: string
  data: object
  fail(): void
  success(answer: { statusCode: number; data: unknown }): void
}

/**
 * Runs a native page of examples/mini-program in a made-up `wx`.
 * @param phoneCode for the page of numbers: what its button gives
 * @returns the address that it opens in its web view; undefined where it says that it failed
 */
export function runNativePage(name: 'face' | 'phone', given: Given, phoneCode?: string): Promise<string | undefined> {
  const { issuer, channel, handle, login, verify } = given
  return new Promise((resolve) => {
    let address: string | undefined
    const wx = {
      login: ({ success }: { success(answer: { code: string }): void }) => success({ code: login }),
      request({ url, method, data, fail, success }: Request) {
        const headers = { 'content-type': 'application/json' }
        fetch(url, { method, headers, body: JSON.stringify(data) })
          .then(async (answer) => success({ statusCode: answer.status, data: await answer.json() }))
          .catch(fail)
      },
      requestFacialVerify({ verifyId, complete }: { verifyId: string; complete(): void }) {
        verify?.(verifyId)
        complete()
      },
      navigateBack: () => resolve(address),
    }
    const web = { setData: (data: { address: string }) => (address = data.address) }
    const run = (page: NativePage) => {
      page.setData = (change) => 'failed' in change && change.failed === true && resolve(undefined)
      page.onLoad({ a: handle })
      page.send?.({ detail: phoneCode === undefined ? {} : { code: phoneCode } })
    }
    const globals = { wx, Page: run, getCurrentPages: () => [web, {}] }
    const load = (file: string): unknown => {
      if (file === './settings.js') return { issuer, channel }
      const module = { exports: {} }
      runInNewContext(readFileSync(new URL(file, pages), 'utf8'), { ...globals, module, require: load })
      return module.exports
    }
    load(`./${name}.js`)
  })
}
