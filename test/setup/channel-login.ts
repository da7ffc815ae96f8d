import type { VendorUser } from '../../examples/made-up-wechat/state.ts'
import { channelRow, channelsFile, startVendors, vendorUser } from './channel-vendors.ts'
import { openPerson, typePassword } from './person.ts'
import { registerPortal, type AuthorizationRequest, type TestPortal } from './portal.ts'
import { openRoom } from './room.ts'
import { startServer } from './server.ts'
import { Visitor, type Page } from './visitor.ts'

/** User agents, as the apps send them (channels.md 1). */
export const agents = {
  wechatMini:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605 Mobile/15E148 MicroMessenger/8.0.60 miniProgram/wx1234',
  secondMini:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605 Mobile/15E148 MicroMessenger/8.0.60 miniProgram/wx5678',
  strangeMini:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605 Mobile/15E148 MicroMessenger/8.0.60 miniProgram/wx9999',
  namelessMini: 'Mozilla/5.0 (Windows NT 10.0) Chrome/126 MicroMessenger/7.0.20 MiniProgramEnv/Windows',
  wechat: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605 Mobile/15E148 MicroMessenger/8.0.60',
  alipay: 'Mozilla/5.0 (Linux; Android 14) Chrome/120 Mobile AlipayClient/10.6',
  alipayMini: 'Mozilla/5.0 (Linux; Android 14) Chrome/120 Mobile AlipayClient/10.6 MiniProgram',
  phone: 'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36',
  computer: 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0',
}

export type Agent = keyof typeof agents

/** A browser in the middle of a login. */
export interface ChannelLogin {
  visitor: Visitor
  begun: AuthorizationRequest
  /** The page that it is at. */
  page: Page
  /** `/login/<attempt>`. */
  path: string
}

let users = 0
const newUser = () => vendorUser(`user${(users += 1)}`)

/** The channels of these tests: of two provinces, with levels 2 and 3. */
export type Setting = Awaited<ReturnType<typeof startChannelLogin>>

export async function startChannelLogin(settings: Record<string, string> = {}) {
  const vendors = await startVendors()
  const rows = {
    mini: channelRow(vendors, 'wechat-mini', { id: 'mini', name: '粤省事' }),
    mini3: channelRow(vendors, 'wechat-mini', { id: 'mini3', name: '粤省事三', level: 3 }),
    other: channelRow(vendors, 'wechat-mini', { id: 'other', name: '外省通', namespace: 'gx' }),
    // another mini program of the province
    second: channelRow(vendors, 'wechat-mini', { id: 'second', name: '粤商通', appid: 'wx5678' }),
    h5: channelRow(vendors, 'wechat-h5', { id: 'h5', name: '公众号' }),
    alipay: channelRow(vendors, 'alipay-h5', { id: 'alipay' }),
    // the app before Alipay changed its ids
    'alipay-old': channelRow(vendors, 'alipay-h5', { id: 'alipay-old', subject: 'user_id' }),
    'alipay-mini': channelRow(vendors, 'alipay-mini', { id: 'alipay-mini' }),
  }
  const all = Object.values(rows)
  const server = await startServer({
    YIDENG_CHANNELS: channelsFile(vendors, all),
    YIDENG_ADDRESS_TRIES: '100000',
    ...settings,
  })
  const services = await server.services()
  const portal = await registerPortal(services, { consent: 'implicit' })
  const portal3 = await registerPortal(services, { consent: 'implicit', min_level: 3 })

  const browser = (agent: Agent = 'wechatMini') => new Visitor(server.issuer, { 'user-agent': agents[agent] })

  async function begin(
    at: TestPortal = portal,
    { visitor = browser(), asked = {} }: { visitor?: Visitor; asked?: Record<string, string> } = {},
  ): Promise<ChannelLogin> {
    const begun = await at.begin(asked)
    const page = await visitor.get(begun.url)
    return { visitor, begun, page, path: page.url.pathname }
  }

  /** What the native page does: it asks for a ticket. */
  const askTicket = async (handle: string, code: string, id = 'mini') =>
    fetch(`${server.issuer}/api/channel/${id}/ticket`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code, handle }),
    })

  async function ticketFor({ page }: ChannelLogin, user: VendorUser, id = 'mini'): Promise<string> {
    const answer = await askTicket(handleOf(page, id), vendors.loginCode(user), id)
    const { ticket } = (await answer.json()) as { ticket: string }
    return ticket
  }

  const enter = ({ visitor, path }: Pick<ChannelLogin, 'visitor' | 'path'>, ticket: string, id = 'mini') =>
    visitor.get(`${path}/channel/${id}/enter?t=${encodeURIComponent(ticket)}`)

  /** The whole hand-over in one browser. */
  async function byMini(login: ChannelLogin, user: VendorUser, id = 'mini'): Promise<Page> {
    return enter(login, await ticketFor(login, user, id), id)
  }

  /** From the page before to the vendor; the address that the vendor sends the browser back to. */
  async function atVendor(login: ChannelLogin, user: VendorUser, id = 'h5'): Promise<URL> {
    const started = await login.visitor.submit(login.page, `/channel/${id}/start`, {})
    const answer = await fetch(started.leads ?? '', { redirect: 'manual', headers: { cookie: vendors.cookieOf(user) } })
    return new URL(answer.headers.get('location') ?? '')
  }

  /** Binds a user to a person, in a browser of its own. */
  async function bound(user: VendorUser, person: { username: string }, { id = 'mini', at = portal } = {}) {
    const login = await begin(at)
    const next = await typePassword(login.visitor, await byMini(login, user, id), person.username)
    return login.visitor.submit(next, '/channel/answer', { decision: 'bind' })
  }

  /** A person with a bound WeChat, and a browser that signed in by it alone. */
  async function signedIn() {
    const [user, person] = [newUser(), await openPerson(services)]
    await bound(user, person)
    const mine = await begin()
    const page = await byMini(mine, user)
    if (!page.leads) throw new Error(`the sign-in by a channel failed:\n${page.html}`)
    return { user, person, visitor: mine.visitor, begun: mine.begun, page }
  }

  return {
    vendors,
    rows,
    server,
    services,
    portal,
    portal3,
    browser,
    begin,
    askTicket,
    ticketFor,
    enter,
    byMini,
    atVendor,
    bound,
    person: () => openPerson(services),
    user: newUser,
    signedIn,
    /** A browser of the person in the account centre, by password. */
    roomOf: async (person: { username: string }) => (await openRoom(server.issuer, person)).visitor,
  }
}

/** The address of the first binding in the account centre. */
export const bindingOf = async (visitor: Visitor): Promise<string> =>
  /href="(\/account\/channel\/[0-9a-f-]{36})"/.exec((await visitor.get('/account/channel')).html)?.[1] ?? ''

/** The handle on a sign-in page, as the script of the page reads it. */
export function handleOf({ html }: Page, id = 'mini'): string {
  const handle = new RegExp(`data-channel="${id}"[^>]*data-handle="([^"]+)"`).exec(html)?.[1]
  if (handle === undefined) throw new Error(`no handle of ${id}:\n${html}`)
  return handle
}
