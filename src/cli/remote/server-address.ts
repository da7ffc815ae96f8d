import { isLoopback } from '../../clients/registration-rules.ts'

/** The fault of a server address; undefined for a valid one. */
export function faultOfServer(server: string): string | undefined {
  const url = URL.parse(server)
  if (!url || url.origin === 'null') return 'must be an address such as https://login.example.gov.cn'
  if (url.href !== `${url.origin}/`) return `must be an origin, without path or user: ${url.origin}`
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))) return undefined
  return 'must begin with https:// (http:// is allowed on localhost, 127.0.0.1 and [::1] only)'
}
