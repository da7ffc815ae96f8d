import type { z } from 'zod'

/** An answer that fits the schema, or why there is none. */
type Answer<T> = { value: T } | { failure: string }

/** WeChat's server for one app: posts JSON with the token of the app. */
export interface WechatServer {
  post<T>(path: string, json: object, schema: z.ZodType<T>): Promise<Answer<T>>
}

/** Alipay's gateway for one app: calls are signed by the app, answers by Alipay. */
export interface AlipayServer {
  call<T>(method: string, own: Record<string, string>, schema: z.ZodType<T>): Promise<Answer<T>>
  /** The address of a page that a browser opens, signed as a call is. */
  pageUrl(method: string, own: Record<string, string>): string
}

/** The servers of the channels (YIDENG_CHANNELS), by id; undefined for an id that is no channel of this vendor. */
export interface ChannelServers {
  wechat(id: string): WechatServer | undefined
  alipay(id: string): AlipayServer | undefined
}
