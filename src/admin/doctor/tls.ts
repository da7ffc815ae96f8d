import { connect } from 'node:tls'
import { dayMs } from '../../config/time.ts'
import type { Settings } from '../../config/settings.ts'
import type { Finding } from './finding.ts'

const timeoutMs = 3000
const warnDays = 21

interface Seen {
  authorized: boolean
  reason: string
  validTo: number
}

/** The certificate that a browser gets at an address. */
function readCertificate(host: string, port: number): Promise<Seen | Error> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, servername: host, rejectUnauthorized: false, timeout: timeoutMs }, () => {
      const { valid_to: validTo } = socket.getPeerCertificate()
      const { authorizationError } = socket
      const reason = authorizationError === undefined ? '' : String(authorizationError)
      resolve({ authorized: socket.authorized, reason, validTo: Date.parse(validTo) })
      socket.destroy()
    })
    socket.on('timeout', () => socket.destroy(new Error('it does not answer')))
    socket.on('error', resolve)
  })
}

/** Checks the certificate at the issuer's address, also where a proxy ends TLS. */
export async function certificate({ issuer }: Settings, now: number): Promise<Finding[]> {
  const { protocol, hostname, port } = new URL(issuer)
  if (protocol !== 'https:') return []
  const what = 'certificate'
  const seen = await readCertificate(hostname, Number(port || 443))
  if (seen instanceof Error) {
    const todo =
      'start the proxy that ends TLS, and let its name resolve on this machine; or run doctor on another machine'
    return [{ state: 'warn', what, finding: `${issuer} cannot be reached: ${seen.message}`, todo }]
  }
  const until = new Date(seen.validTo).toISOString().slice(0, 10)
  if (seen.validTo < now) {
    return [{ state: 'fail', what, finding: `it ended on ${until}`, todo: 'renew it at the proxy that ends TLS' }]
  }
  if (!seen.authorized) {
    const todo = 'use a certificate that browsers trust, with its whole chain, for this name'
    return [{ state: 'fail', what, finding: `browsers do not trust it: ${seen.reason}`, todo }]
  }
  if (seen.validTo < now + warnDays * dayMs) {
    return [{ state: 'warn', what, finding: `it ends on ${until}`, todo: 'renew it at the proxy that ends TLS' }]
  }
  return [{ state: 'ok', what, finding: `good until ${until}` }]
}
