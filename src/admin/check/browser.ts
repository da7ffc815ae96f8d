import http from 'node:http'
import https from 'node:https'
import type { Clock } from '../../config/clock.ts'

const patienceMs = 10_000
const mostRedirects = 20

export interface Page {
  url: string
  status: number
  text: string
  /** Every address on the way, the last one included. */
  way: string[]
}

/** As much of a browser as a sign-in needs: it follows redirects and keeps the cookies of each host. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Follows redirects; `until` names an address to stop before, which is given as `url` with status 0. */
  async open(address: string, until: (url: string) => boolean = () => false): Promise<Page> {
    const way: string[] = []
    for (let url = address; ;) {
      way.push(url)
      if (until(url)) return { url, status: 0, text: '', way }
      const { status, text, leads } = await this.look(url)
      // a portal that begins anew whenever a sign-in fails leads round and round
      if (leads === undefined || way.length > mostRedirects) return { url, status, text, way }
      url = leads
    }
  }

  /** One request; `leads` is where it redirects to. */
  async look(url: string): Promise<{ status: number; text: string; leads: string | undefined }> {
    const { host } = new URL(url)
    const kept = this.#cookies.get(host) ?? new Map<string, string>()
    this.#cookies.set(host, kept)
    const cookie = [...kept].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await visit(url, cookie)
    for (const line of answer.cookies) keep(kept, line, this.#clock())
    const { status, text, location } = answer
    const redirects = status >= 300 && status < 400 && location !== undefined
    return { status, text, leads: redirects ? new URL(location, url).href : undefined }
  }
}

/** Says that it is a browser which opens a page: `fetch` would say that it is a script, and portals answer those with 401. */
function visit(url: string, cookie: string) {
  const headers = {
    accept: 'text/html,application/xhtml+xml',
    'user-agent': 'Mozilla/5.0 (yideng client check)',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    ...(cookie === '' ? {} : { cookie }),
  }
  const request = url.startsWith('https:') ? https.request : http.request
  return new Promise<{ status: number; text: string; location: string | undefined; cookies: string[] }>(
    (resolve, reject) => {
      const sent = request(url, { headers, timeout: patienceMs, agent: false }, (answer) => {
        let text = ''
        const take = () => {
          const { location, 'set-cookie': cookies = [] } = answer.headers
          resolve({ status: answer.statusCode ?? 0, text, location, cookies })
        }
        answer.setEncoding('utf8')
        answer.on('data', (part: string) => (text += part))
        answer.on('end', take)
        // Apache's error pages may come with data after their end: browsers show what came before
        answer.on('error', take)
        sent.prependListener('error', take)
      })
      sent.on('timeout', () => sent.destroy(new Error('it does not answer in time')))
      sent.on('error', reject)
      sent.end()
    },
  )
}

function keep(kept: Map<string, string>, line: string, now: number): void {
  const [pair = '', ...attributes] = line.split(';')
  const [name = '', ...value] = pair.split('=')
  const ends = attributes.some((attribute) => {
    const [key = '', text = ''] = attribute.split('=').map((part) => part.trim())
    if (key.toLowerCase() === 'max-age') return Number(text) <= 0
    return key.toLowerCase() === 'expires' && Date.parse(text) < now
  })
  if (ends) kept.delete(name.trim())
  else kept.set(name.trim(), value.join('='))
}
