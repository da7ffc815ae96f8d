import type { Services } from '../../src/services.ts'
import { askOptions, sendResponse, type RequestOptions } from './passkey.ts'
import { openPerson, signIn } from './person.ts'
import { registerPortal } from './portal.ts'
import type { Deviation, SoftwareAuthenticator } from './software-authenticator.ts'
import { Visitor, type Page } from './visitor.ts'

interface View {
  id: string
  state: string
  reason?: string
  frame?: string
  code?: number
  error?: string
}

/** A computer at the sign-in page of a portal, without a screen. */
export class WaitingComputer {
  readonly visitor: Visitor
  page: Page
  id = ''

  private constructor(visitor: Visitor, page: Page) {
    this.visitor = visitor
    this.page = page
  }

  static async at(url: URL, issuer: string, headers: Record<string, string> = {}): Promise<WaitingComputer> {
    const visitor = new Visitor(issuer, headers)
    return new WaitingComputer(visitor, await visitor.get(url))
  }

  get #action() {
    return `${this.page.url.pathname}/qr`
  }

  /** Opens the event stream of its page on a new connection. */
  streamAt(issuer: string) {
    const cookie = this.visitor.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
    return {
      address: `${issuer}${this.#action}/stream?id=${this.id}`,
      options: { headers: { cookie, accept: 'text/event-stream' }, agent: false } as const,
    }
  }

  get csrf(): string {
    return /data-redeem[\s\S]*?name="csrf" value="([^"]+)"/.exec(this.page.html)?.[1] ?? ''
  }

  /** Posts a step as the script of the page does. */
  async post(step: string, fields: Record<string, string> = {}): Promise<View & { status: number }> {
    const headers = { accept: 'application/json' }
    const answer = await this.visitor.post(
      `${this.#action}/${step}`,
      { csrf: this.csrf, id: this.id, ...fields },
      headers,
    )
    return { ...(JSON.parse(answer.html) as View), status: answer.status }
  }

  /** The address in the QR code. */
  async start(): Promise<string> {
    const begun = await this.post('start')
    if (!begun.frame) throw new Error(`no QR code: ${JSON.stringify(begun)}`)
    this.id = begun.id
    return begun.frame
  }

  async look(): Promise<View> {
    return JSON.parse((await this.visitor.get(`${this.#action}/state?id=${this.id}`)).html) as View
  }

  redeem(visitor = this.visitor): Promise<Page> {
    return visitor.post(`${this.#action}/redeem`, { csrf: this.csrf, id: this.id })
  }
}

/** A phone whose browser is signed in to Yideng. */
export async function signedInPhone(
  issuer: string,
  person: { username: string },
  headers: Record<string, string> = {},
): Promise<Visitor> {
  const visitor = new Visitor(issuer, headers)
  const page = await signIn(visitor, await visitor.get('/account'), person.username)
  if (page.url.pathname !== '/account') throw new Error(`the phone could not sign in:\n${page.html}`)
  return visitor
}

/** A computer and a phone of one person, at a new portal. */
export async function computerAndPhone(
  services: Services,
  options: { level?: 2 | 3; asked?: 2 | 3 | 4; computerNetwork?: string; phoneNetwork?: string } = {},
) {
  const { issuer } = services.settings
  const person = await openPerson(services, { level: options.level ?? 3 })
  const portal = await registerPortal(services, { consent: 'implicit', min_level: options.asked ?? 3 })
  const from = (network = '203.0.113.1') => ({ 'x-forwarded-for': network })
  const begun = await portal.begin()
  const computer = await WaitingComputer.at(begun.url, issuer, from(options.computerNetwork))
  const phone = await signedInPhone(issuer, person, from(options.phoneNetwork))
  return { person, portal, begun, computer, phone }
}

/** Fetch metadata of a page that a camera app has opened. */
export const byCamera = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }

/** Looks at a frame. @param headers fetch metadata: how the browser reached it */
export const look = (phone: Visitor, frame: string, headers: Record<string, string> = byCamera) =>
  phone.only('GET', frame, undefined, headers)

/** Looks at a frame and claims it, as a phone does after a scan. */
export async function scan(phone: Visitor, frame: string, headers?: Record<string, string>): Promise<Page> {
  const looked = await look(phone, frame, headers)
  return looked.status === 200 ? phone.submit(looked, new URL(frame).pathname, {}) : looked
}

export const digitsOf = ({ html }: Page) => [...html.matchAll(/<span>(\d)<\/span>/g)].map(([, digit]) => digit).join('')

/** Approves, and types the digits of the phone into the computer. */
export async function letIn(phone: Visitor, asked: Page, computer: WaitingComputer): Promise<Page> {
  const told = await approve(phone, asked)
  await computer.post('code', { code: digitsOf(told) })
  return told
}

export const approve = (phone: Visitor, asked: Page) => phone.submit(asked, asked.url.pathname, { decision: 'approve' })
export const refuse = (phone: Visitor, asked: Page) => phone.submit(asked, asked.url.pathname, { decision: 'refuse' })

/** Approves by passkey, as the script of the page does. */
export async function signOnPhone(
  phone: Visitor,
  asked: Page,
  authenticator: SoftwareAuthenticator,
  deviation: Deviation = {},
): Promise<Page> {
  const options = await askOptions<RequestOptions>(phone, asked)
  return sendResponse(phone, asked, '/sign', authenticator.get(options, deviation))
}
