import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CarrierToken } from '../../src/channels/one-tap.ts'
import { signAcs3 } from '../../src/keys/request-signatures.ts'
import { afterFile } from './after-file.ts'

/** Account of the fake. */
export const carrierAccount = { accessKeyId: 'carrier-id', accessKeySecret: 'carrier-key' }

export type CarrierBehaviour = 'well' | 'slow' | 'fails' | 'refuses the key' | 'babbles'

const lifetimeMs = { app: 120_000, h5: 60_000 } as const
const kinds = { GetMobile: 'app', GetPhoneWithToken: 'h5' } as const

/** A carrier behind the vendor's interface (阿里云号码认证). A token is good once, for a time, and for one app. */
export async function startCarrier() {
  const tokens = new Map<string, { kind: CarrierToken['kind']; mobile: string; app: string; until: number }>()
  const state = { behaves: 'well' as CarrierBehaviour, asked: 0, now: 0 }

  /** The answer to one call, and uses its token up. */
  function answerTo({ headers, url }: IncomingMessage): object {
    const query = Object.fromEntries(new URL(url ?? '', 'http://carrier').searchParams)
    const action = String(headers['x-acs-action'])
    const right = signAcs3({
      ...carrierAccount,
      host: String(headers.host),
      action,
      version: '2017-05-25',
      query,
      nonce: String(headers['x-acs-signature-nonce']),
      date: String(headers['x-acs-date']),
    })
    if (headers['authorization'] !== right['authorization'] || state.behaves === 'refuses the key')
      return { Code: 'SignatureDoesNotMatch' }
    const kind = kinds[action as keyof typeof kinds]
    const token = query[kind === 'app' ? 'AccessToken' : 'SpToken'] ?? ''
    const known = tokens.get(token)
    tokens.delete(token)
    if (!known || known.kind !== kind || known.app !== 'ours' || state.now >= known.until)
      return { Code: 'isv.INVALID_TOKEN' }
    const data = { Mobile: known.mobile }
    return kind === 'app' ? { Code: 'OK', GetMobileResultDTO: data } : { Code: 'OK', Data: data }
  }

  const server = createServer((incoming, response) => {
    state.asked += 1
    if (state.behaves === 'slow') return
    if (state.behaves === 'fails') return void response.writeHead(500).end('out of order')
    if (state.behaves === 'babbles') return void response.end('{"Code":')
    response.end(JSON.stringify(answerTo(incoming)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterFile(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    state,
    /** What the telephone with this number gets from the SDK of an app. */
    token(mobile: string, { kind = 'app', app = 'ours' }: { kind?: CarrierToken['kind']; app?: string } = {}) {
      const token = randomUUID()
      tokens.set(token, { kind, mobile, app, until: state.now + lifetimeMs[kind] })
      return { kind, token }
    },
  }
}

export type Carrier = Awaited<ReturnType<typeof startCarrier>>
