import http from 'node:http'
import https from 'node:https'
import type { Clock } from '../../config/clock.ts'

const timeoutMs = 10_000
const maxRedirects = 20

export interface Page {
  url: string
  status: number
  text: string
  /** Every address of the redirects, with the last one. */
  way: string[]
}

/** A minimal browser: it follows redirects and stores the cookies of each host. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Follows redirects, but not to an address for which `until` is true: that page has status 0. */
  async open(address: string, until: (url: string) => boolean = () => false): Promise<Page> {
    const way: string[] = []
    for (let url = address; ;) {
      way.push(url)
      if (until(url)) return { url, status: 0, text: '', way }
      const { status, text, location } = await this.request(url)
      // a portal that begins again after each failed sign-in redirects for ever
      if (location === undefined || way.length > maxRedirects) return { url, status, text, way }
      url = location
    }
  }

  /** Sends one request. `location` is the target of a redirect. */
  async request(url: string): Promise<{ status: number; text: string; location: string | undefined }> {
    const { host } = new URL(url)
    const cookies = this.#cookies.get(host) ?? new Map<string, string>()
    this.#cookies.set(host, cookies)
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const { status, text, location, setCookies } = await navigate(url, cookie)
    for (const line of setCookies) storeCookie(cookies, line, this.#clock())
    const redirects = status >= 300 && status < 400 && location !== undefined
    return { status, text, location: redirects ? new URL(location, url).href : undefined }
  }
}

/** Sends the headers of a browser navigation. `fetch` sends those of a script, which portals answer with 401. */
function navigate(url: string, cookie: string) {
  const headers = {
    accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
    'user-agent': 'Mozilla/5.0 (yideng client check)',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    ...(cookie === '' ? {} : { cookie }),
  }
  const request = url.startsWith('https:') ? https.request : http.request
  return new Promise<{ status: number; text: string; location: string | undefined; setCookies: string[] }>(
    (resolve, reject) => {
      const sent = request(url, { headers, timeout: timeoutMs, agent: false }, (answer) => {
        let text = ''
        const take = () => {
          const { location, 'set-cookie': setCookies = [] } = answer.headers
          resolve({ status: answer.statusCode ?? 0, text, location, setCookies })
        }
        answer.setEncoding('utf8')
        answer.on('data', (part: string) => (text += part))
        answer.on('end', take)
        // Apache may send data after the end of an error page: browsers show the page
        answer.on('error', take)
        sent.prependListener('error', take)
      })
      sent.on('timeout', () => sent.destroy(new Error('it does not answer in time')))
      sent.on('error', reject)
      sent.end()
    },
  )
}

function storeCookie(cookies: Map<string, string>, line: string, now: number): void {
  const [pair = '', ...attributes] = line.split(';')
  const [name = '', ...value] = pair.split('=')
  const ends = attributes.some((attribute) => {
    const [key = '', text = ''] = attribute.split('=').map((part) => part.trim())
    if (key.toLowerCase() === 'max-age') return Number(text) <= 0
    return key.toLowerCase() === 'expires' && Date.parse(text) < now
  })
  if (ends) cookies.delete(name.trim())
  else cookies.set(name.trim(), value.join('='))
}
