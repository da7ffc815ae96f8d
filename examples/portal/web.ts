import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Html } from './html.ts'

const longestForm = 32 * 1024

/** The fields of a posted form. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk
    if (text.length > longestForm) throw new Error('the form is too large')
  }
  return new URLSearchParams(text)
}

export function readCookie(request: IncomingMessage, name: string): string | undefined {
  const pairs = (request.headers.cookie ?? '').split('; ').map((pair) => pair.split('='))
  return pairs.find(([key]) => key === name)?.[1]
}

/** A cookie hidden from scripts; browsers do not send it with forms of other sites. */
export function setCookie(response: ServerResponse, name: string, value: string, more = ''): void {
  response.appendHeader('set-cookie', `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${more}`)
}

export function clearCookie(response: ServerResponse, name: string): void {
  setCookie(response, name, '', '; Max-Age=0')
}

export function redirect(response: ServerResponse, to: URL | string): void {
  response.writeHead(303, { location: String(to), 'cache-control': 'no-store' }).end()
}

/** @param formTargets further origins that forms of this page lead to */
export function sendPage(response: ServerResponse, status: number, page: Html, formTargets: string): void {
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    `form-action 'self' ${formTargets}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    .end(page.text)
}
