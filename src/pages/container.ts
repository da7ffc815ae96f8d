/**
 * How a person gets from here to the phone's own browser: by the menu of the app (右上角 … 在浏览器打开), not at all (a mini program has
 * no such menu), or by another program, because this is a browser itself.
 */
export const exits = ['menu', 'none', 'switch'] as const

export type Exit = (typeof exits)[number]

interface AppRow {
  readonly app: string
  readonly pattern: RegExp
  readonly exit: Exit
}

/**
 * Apps that show pages in a web view of their own, and browsers with the same limits. The order matters: WeChat on Android also
 * names QQ's browser, and Alipay names UC's engine. The words of an app are `apps.<app>`.
 */
const rows = [
  { app: 'wechat', pattern: /MicroMessenger/, exit: 'menu' },
  { app: 'alipay', pattern: /AlipayClient/, exit: 'menu' },
  { app: 'qq', pattern: /\bQQ\//, exit: 'menu' },
  { app: 'qq_browser', pattern: /QQBrowser/, exit: 'switch' },
  { app: 'uc', pattern: /UCBrowser|UCWEB/, exit: 'switch' },
  {
    app: 'other',
    pattern: /DingTalk|Lark\/|Feishu|Weibo|AliApp|BytedanceWebview|aweme/i,
    exit: 'menu',
  },
] as const satisfies readonly AppRow[]

/**
 * The names of all apps.
 * @internal
 */
export const apps = rows.map(({ app }) => app)

export type AppName = (typeof rows)[number]['app']

/**
 * A place where a page does less than in a usual browser. `PublicKeyCredential` may be there, and its calls fail all the same; the
 * app decides about the camera. Nothing is decided by it but the order and the words of a page: a user agent proves nothing.
 */
export interface Container {
  readonly app: AppName
  /** The page is in a `web-view` of a mini program: it can open the program's native pages. */
  readonly miniProgram: boolean
  /** Which mini program of WeChat it is, where the user agent names it; Alipay's never does. */
  readonly appid: string | undefined
  readonly exit: Exit
}

const miniProgram = /miniProgram/i
const appidOfWechat = /\bminiProgram\/(wx\w{1,62})/i

/** The container of a page, by the user agent of the request; undefined for a usual browser. */
export function containerOf(userAgent: string): Container | undefined {
  const row = rows.find(({ pattern }) => pattern.test(userAgent))
  if (!row) return undefined
  const inside = miniProgram.test(userAgent)
  const appid = row.app === 'wechat' ? appidOfWechat.exec(userAgent)?.[1] : undefined
  return { app: row.app, miniProgram: inside, appid, exit: inside ? 'none' : row.exit }
}
