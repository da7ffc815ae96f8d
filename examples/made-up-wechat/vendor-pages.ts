import { issueCode, type VendorState, type VendorUser } from './state.ts'

export interface PageAnswer {
  status: number
  location?: string
  body: string
}

/** A browser with this cookie is the user of that name; `start.ts` knows the names. */
export const userCookie = 'made-up-user'

/** The pages of open.weixin.qq.com and openauth.alipay.com, where the user agrees at once. */
export function authorize(state: VendorState, path: string, query: URLSearchParams, cookies: string): PageAnswer {
  const alipay = path.startsWith('/oauth2/')
  const name = new RegExp(`(?:^|; )${userCookie}=([^;]*)`).exec(cookies)?.[1]
  const user = name === undefined ? state.visitor : state.users.get(name)
  const appid = query.get(alipay ? 'app_id' : 'appid') ?? ''
  const to = query.get('redirect_uri') ?? ''
  if (!user || !isRight(state, path, query) || !URL.canParse(to)) return { status: 400, body: 'the request is wrong' }
  return sendBack(state, { alipay, user, appid, to: new URL(to) }, query.get('state') ?? '')
}

/** WeChat wants its parameters in one order. */
function isRight(state: VendorState, path: string, query: URLSearchParams): boolean {
  if (path.startsWith('/oauth2/'))
    return query.get('app_id') === state.alipayAppid && (query.get('scope') ?? '').startsWith('auth_')
  const order = 'appid,redirect_uri,response_type,scope,state'
  const known = state.apps.some(({ appid }) => appid === query.get('appid'))
  const scope = path === '/connect/qrconnect' ? /^snsapi_login$/ : /^snsapi_(base|userinfo)$/
  const rightState = /^[a-zA-Z0-9]{1,128}$/.test(query.get('state') ?? '')
  return known && [...query.keys()].join() === order && scope.test(query.get('scope') ?? '') && rightState
}

interface Back {
  alipay: boolean
  user: VendorUser
  appid: string
  to: URL
}

function sendBack(state: VendorState, { alipay, user, appid, to }: Back, ownState: string): PageAnswer {
  const code = issueCode(state, alipay ? 'alipay' : 'web', user, appid)
  const added = alipay ? { auth_code: code, app_id: appid, scope: 'auth_base' } : { code }
  for (const [name, value] of Object.entries({ ...added, state: ownState })) to.searchParams.set(name, value)
  if (!state.twice) return { status: 302, location: to.href, body: '' }
  const address = to.href.replaceAll('&', '&amp;')
  const script = `const go = () => location.assign(document.links[0].href); go(); setTimeout(go, 30)`
  return { status: 200, body: `<!doctype html><a href="${address}">back</a><script>${script}</script>` }
}
