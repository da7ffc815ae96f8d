import { afterFile } from './after-file.ts'

/** Fields of forms, queries and answers with values that no store may hold in plain text. */
const telling =
  /^(password|password_again|identifier|knowledge|code|name|phone|username|document_number|refresh_token|access_token|id_token|token|client_secret|subject_token|frame|csrf)$/

/**
 * Collects secret and personal values of all HTTP requests and answers of this process, until the file ends.
 * These are cookies, codes, tokens, form fields, client secrets, network addresses.
 */
export function watchWire(): Set<string> {
  const seen = new Set<string>()
  const keep = (value: unknown) => {
    if (typeof value === 'string' && value.length >= 6) seen.add(value)
  }
  const keepPairs = (pairs: Iterable<[string, unknown]>) => {
    for (const [name, value] of pairs) if (telling.test(name)) keep(value)
  }
  const plain = globalThis.fetch
  afterFile(() => void (globalThis.fetch = plain))
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    keep(request.headers.get('x-forwarded-for'))
    const [scheme, credentials = ''] = (request.headers.get('authorization') ?? '').split(' ')
    keep(scheme === 'Basic' ? decodeURIComponent(atob(credentials).split(':')[1] ?? '') : credentials)
    const body = init?.body
    if (typeof body === 'string' || body instanceof URLSearchParams) keepPairs(new URLSearchParams(body))
    const answer = await plain(input, init)
    // the shorter ones are a language and the way one signed in last
    for (const line of answer.headers.getSetCookie()) keep(/^[^=]+=([^;]{15,})/.exec(line)?.[1])
    keepPairs(URL.parse(answer.headers.get('location') ?? '')?.searchParams ?? [])
    if (answer.headers.get('content-type')?.includes('json'))
      keepPairs(Object.entries((await answer.clone().json()) as object))
    return answer
  }
  return seen
}
