import { randomBytes } from 'node:crypto'
import { html } from '../../portal/html.ts'
import { clearCookie, readCookie, readForm, redirect, sendPage, setCookie } from '../../portal/web.ts'
import { listen, type Running } from '../../listen.ts'

/** How an old portal speaks: where it sends its browsers, and what it makes of the answer. */
export interface OldProtocol {
  /** The address of the sign-in. */
  login: string
  /** The address of the sign-out, where the protocol has one. */
  logout?: string
  /** The person behind an answer; undefined where the server vouches for none. */
  personOf(answer: URL): Promise<OldPerson | undefined>
  /** The session that a message of single logout ends, where the protocol has one. */
  endedBy?(form: URLSearchParams): string | undefined
}

export interface OldPerson {
  name: string
  level: string
  /** The session as the server knows it. */
  session: string
}

/** A portal that was written before OpenID Connect. It keeps its sessions itself, and nothing else. */
export async function startOldPortal(
  port: number,
  { name, callback }: { name: string; callback: string },
  protocol: OldProtocol,
): Promise<Running> {
  const signedIn = new Map<string, OldPerson>()
  const cookie = `old${port}`
  return listen(port, (request, response) => {
    const handle = async () => {
      const url = new URL(request.url ?? '/', `http://localhost:${port}`)
      const id = readCookie(request, cookie) ?? ''
      if (request.method === 'POST') {
        const ended = protocol.endedBy?.(await readForm(request))
        for (const [key, { session }] of signedIn) if (session === ended) signedIn.delete(key)
        return void response.writeHead(200).end()
      }
      if (url.pathname === '/login') return redirect(response, protocol.login)
      if (url.pathname === '/logout') {
        signedIn.delete(id)
        clearCookie(response, cookie)
        return redirect(response, protocol.logout ?? '/')
      }
      if (url.pathname === callback && url.search !== '') {
        const person = await protocol.personOf(url)
        const fresh = randomBytes(24).toString('base64url')
        if (person) signedIn.set(fresh, person)
        if (person) setCookie(response, cookie, fresh)
        return redirect(response, '/')
      }
      const person = signedIn.get(id)
      const inside = person
        ? html`<p>您好，${person.name}（${person.level}）</p>
            <p><a href="/logout">退出登录</a></p>`
        : html`<p><a href="/login">登录</a></p>`
      const head = html`<meta charset="utf-8" /><title>${name}</title>`
      return sendPage(
        response,
        200,
        html`<!doctype html>
          <html lang="zh-CN">
            ${head}
            <h1>${name}</h1>
            ${inside}
          </html>`,
        '',
      )
    }
    // not into a log: the address of the request may have a ticket
    handle().catch(() => {
      if (response.headersSent) response.destroy()
      else response.writeHead(502).end('登录没有完成')
    })
  })
}
