/** A browser without a screen: keeps cookies by path, follows our redirects, fills in forms. */
export interface Page {
  url: URL
  status: number
  html: string
  headers: Headers
  /** Target of a redirect to another origin, such as a portal. */
  leads: URL | undefined
}

interface Cookie {
  name: string
  value: string
  path: string
}

const entities: Record<string, string> = { '&amp;': '&', '&quot;': '"', '&#39;': "'", '&lt;': '<', '&gt;': '>' }
const unescape = (text: string) => text.replaceAll(/&(?:amp|quot|#39|lt|gt);/g, (entity) => entities[entity] ?? entity)

export class Visitor {
  readonly #issuer: string
  readonly #headers: Record<string, string>
  cookies: Cookie[] = []
  /** Off: a redirect is an answer like another, and its address is in the headers. */
  follows = true

  constructor(issuer: string, headers: Record<string, string> = {}) {
    this.#issuer = issuer
    this.#headers = headers
  }

  get(url: string | URL): Promise<Page> {
    return this.#go(new URL(url, this.#issuer), { method: 'GET' })
  }

  post(url: string | URL, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Page> {
    return this.#go(new URL(url, this.#issuer), {
      method: 'POST',
      body: new URLSearchParams(fields).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    })
  }

  /** One request whose redirect is not followed: `leads` says where to. Cookies are kept. */
  async only(method: string, url: string | URL, fields?: Record<string, string>, given: Record<string, string> = {}) {
    const at = new URL(url, this.#issuer)
    const answer = await this.#ask(at, {
      method,
      headers: { ...(fields ? { 'content-type': 'application/x-www-form-urlencoded' } : {}), ...given },
      ...(fields ? { body: new URLSearchParams(fields).toString() } : {}),
    })
    const location = answer.headers.get('location')
    const leads = location === null ? undefined : new URL(location, at)
    return { url: at, status: answer.status, html: await answer.text(), headers: answer.headers, leads } satisfies Page
  }

  /** Submits the form of a page whose action ends with `action`, with its hidden fields and these. */
  submit(page: Page, action: string, fields: Record<string, string>): Promise<Page> {
    const form = [...page.html.matchAll(/<form\b[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/g)].find(
      ([, target]) => target !== undefined && unescape(target).endsWith(action),
    )
    if (!form) throw new Error(`no form for ${action} on ${page.url.pathname} (${page.status}):\n${page.html}`)
    const [, target = '', inside = ''] = form
    const hidden: Record<string, string> = {}
    for (const [tag] of inside.matchAll(/<input\b[^>]*type="hidden"[^>]*>/g)) {
      const name = /name="([^"]*)"/.exec(tag)?.[1]
      if (name) hidden[name] = unescape(/value="([^"]*)"/.exec(tag)?.[1] ?? '')
    }
    return this.post(unescape(target), { ...hidden, ...fields })
  }

  /** Follows the link of a page that ends with `action`, which takes something away, and answers the question with yes. */
  async lose(page: Page, action: string): Promise<Page> {
    const links = [...page.html.matchAll(/<a\b[^>]*href="([^"]*)"/g)].map(([, target = '']) => unescape(target))
    const link = links.find((target) => target.endsWith(action))
    if (link === undefined)
      throw new Error(`no link for ${action} on ${page.url.pathname} (${page.status}):\n${page.html}`)
    return this.submit(await this.get(link), link, {})
  }

  async #ask(url: URL, init: RequestInit): Promise<Response> {
    const cookie = this.cookies
      .filter(({ path }) => url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
    const headers = { accept: 'text/html', ...this.#headers, ...(init.headers as Record<string, string>), cookie }
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' })
    this.#keep(url, answer.headers.getSetCookie())
    return answer
  }

  async #go(url: URL, init: RequestInit, redirects = 0): Promise<Page> {
    const answer = await this.#ask(url, init)
    const location = answer.headers.get('location')
    if (this.follows && answer.status >= 300 && answer.status < 400 && location !== null) {
      await answer.arrayBuffer()
      // or the browser would post what was typed once more, to the next address (RFC 9700 section 4.12)
      if (init.method === 'POST' && answer.status !== 303)
        throw new Error(`${url.pathname} redirects by ${answer.status}`)
      const next = new URL(location, url)
      if (next.origin !== this.#issuer) {
        return { url, status: answer.status, html: '', headers: answer.headers, leads: next }
      }
      if (redirects > 10) throw new Error('redirects without end')
      return this.#go(next, { method: 'GET' }, redirects + 1)
    }
    return { url, status: answer.status, html: await answer.text(), headers: answer.headers, leads: undefined }
  }

  #keep(url: URL, lines: string[]) {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split('; ')
      const name = pair.slice(0, pair.indexOf('='))
      const value = pair.slice(pair.indexOf('=') + 1)
      const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? '/'
      const gone = attributes.some((one) => /^expires=Thu, 01 Jan 1970/i.test(one))
      this.cookies = this.cookies.filter((one) => one.name !== name || one.path !== path)
      if (!gone) this.cookies.push({ name, value, path })
    }
    void url
  }
}
