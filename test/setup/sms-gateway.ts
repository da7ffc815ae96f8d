import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { canonicalQuery, signAcs3, signTc3 } from '../../src/keys/request-signatures.ts'
import { afterFile } from './after-file.ts'
import { until } from './server.ts'

/** A text that reached a telephone. */
export interface ReceivedText {
  to: string
  code: string
  /** Of the webhook alone: vendors send a template. */
  purpose?: string
  text?: string
  template?: string
  /** Parameters of the template, as the vendor gets them. */
  parameters?: readonly string[]
}

/**
 * `slow`: never answers. `fails`: 500. `refuses`: an error as documented. `late`: delivers, and answers after the time limit.
 * `twice`: delivers two times. `babbles`: an undocumented answer. `redirects`: to another address. `endless`: an answer without end.
 */
export type Behaviour = 'well' | 'slow' | 'fails' | 'refuses' | 'late' | 'twice' | 'babbles' | 'redirects' | 'endless'

/** Account of the fake at both vendors. */
export const account = {
  tencent: { secretId: 'id', secretKey: 'key', appId: '1400', signName: '一登' },
  alibaba: { accessKeyId: 'id', accessKeySecret: 'key', signName: '一登' },
  templates: {
    'sign-in': 'T-1',
    register: 'T-2',
    bind: 'T-3',
    recover: 'T-4',
    notice: 'T-5',
    'sign-in.en': 'T-6',
    'sign-in.abroad': 'T-7',
    'notice.abroad': 'T-8',
    'sign-in.abroad.en': 'T-9',
  },
}

/** A gateway for texts on this machine: the webhook of the operator, Tencent and Alibaba at one address. */
export async function startSmsGateway() {
  const received: ReceivedText[] = []
  const ids: string[] = []
  const state = { behaves: 'well' as Behaviour, lateMs: 1000, redirected: 0 }
  const server = createServer((incoming, response) => {
    let body = ''
    incoming.on('data', (chunk: Buffer) => (body += chunk.toString()))
    incoming.on('end', () => {
      if (incoming.url === '/elsewhere') state.redirected += 1
      ids.push(String(incoming.headers['x-yideng-text'] ?? ''))
      const { text, accepted, refusal, lacking = '{}' } = protocolOf(incoming, body)
      const answer = (status: number, content: string) => void response.writeHead(status).end(content)
      const deliver = (times = 1) => void (text && received.push(...Array.from({ length: times }, () => text)))
      const accept = () => answer(text ? 200 : 400, text ? accepted : lacking)
      const behaviours: Record<Behaviour, () => void> = {
        well: () => (deliver(), accept()),
        slow: () => undefined,
        fails: () => answer(500, 'out of order'),
        refuses: () => answer(refusal.status, refusal.body),
        late: () => (deliver(), void setTimeout(accept, state.lateMs)),
        twice: () => (deliver(2), accept()),
        babbles: () => (deliver(), answer(text ? 207 : 400, '{"hello":')),
        redirects: () => void response.writeHead(307, { location: '/elsewhere' }).end(),
        endless: () => (deliver(), void response.writeHead(200).write('x'.repeat(1_000_000))),
      }
      behaviours[state.behaves]()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterFile(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    /** Ids for receipts, of the webhook. */
    ids,
    state,
    /** The newest text to this number; waits for one that came after `since` texts. */
    async textTo(to: string, since = 0): Promise<ReceivedText> {
      const all = () => received.filter((one) => one.to === to)
      await until(async () => all().length > since)
      return all().at(-1) ?? { to, code: '' }
    },
  }
}

interface Protocol {
  text: ReceivedText | undefined
  accepted: string
  refusal: { status: number; body: string }
  /** The answer to a call that is wrong, or lacks what it needs. */
  lacking?: string
}

/** Reads a call as its vendor documents it, and checks the signature; `text` is undefined for a wrong call. */
function protocolOf(incoming: IncomingMessage, body: string): Protocol {
  if (incoming.headers['x-tc-action'] !== undefined) return ofTencent(incoming, body)
  if (incoming.headers['x-acs-action'] !== undefined) return ofAlibaba(incoming)
  const text = JSON.parse(body || '{}') as ReceivedText
  const exact = Object.keys(text).join() === 'to,purpose,code,text'
  return { text: exact ? text : undefined, accepted: '', refusal: { status: 422, body: 'no' } }
}

function ofTencent({ headers }: IncomingMessage, body: string) {
  const at = Number(headers['x-tc-timestamp'])
  const { secretId, secretKey } = account.tencent
  const host = String(headers.host)
  const right = signTc3({ secretId, secretKey, service: 'sms', host, action: 'SendSms', body, at })
  const sent = JSON.parse(body) as { PhoneNumberSet?: string[]; TemplateParamSet?: string[]; TemplateId?: string }
  const [to = ''] = sent.PhoneNumberSet ?? []
  const parameters = sent.TemplateParamSet ?? []
  const code = parameters.find((one) => /^\d{6}$/.test(one)) ?? ''
  const text = { to, code, template: sent.TemplateId ?? '', parameters }
  const signed = headers.authorization === right
  const missing = signed ? 'MissingParameter' : 'AuthFailure.SignatureFailure'
  const lacking = JSON.stringify({ Response: { RequestId: 'r', Error: { Code: missing } } })
  const status = (Code: string) =>
    JSON.stringify({ Response: { RequestId: 'r', SendStatusSet: [{ Code, SerialNo: 's-1' }] } })
  const refusal = { status: 200, body: status('LimitExceeded.PhoneNumberDailyLimit') }
  return { text: signed && to !== '' ? text : undefined, accepted: status('Ok'), refusal, lacking }
}

function ofAlibaba({ headers, url }: IncomingMessage) {
  const query = Object.fromEntries(new URL(url ?? '', 'http://gateway').searchParams)
  const right = signAcs3({
    ...account.alibaba,
    host: String(headers.host),
    action: 'SendSms',
    version: '2017-05-25',
    query,
    nonce: String(headers['x-acs-signature-nonce']),
    date: String(headers['x-acs-date']),
  })
  const named = JSON.parse(query['TemplateParam'] ?? '{}') as Record<string, string>
  const { PhoneNumbers: number = '', TemplateCode: template = '' } = query
  const to = number.length === 11 ? `+86${number}` : `+${number}`
  const answer = (Code: string) => JSON.stringify({ Code, Message: Code, BizId: 'b-1', RequestId: 'r' })
  const signed =
    headers['authorization'] === right['authorization'] && (url === '/' || url === `/?${canonicalQuery(query)}`)
  return {
    text:
      signed && number !== '' ? { to, code: named['code'] ?? '', template, parameters: Object.keys(named) } : undefined,
    lacking: answer(signed ? 'MissingPhoneNumbers' : 'SignatureDoesNotMatch'),
    accepted: answer('OK'),
    refusal: { status: 200, body: answer('isv.BUSINESS_LIMIT_CONTROL') },
  }
}
