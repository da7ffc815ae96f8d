import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { z } from 'zod'

/** Connections to one device, and the bytes of an answer that are read. */
const [mostSockets, mostBytes] = [16, 64 * 1024]

/** Kept connections to the devices. No answer leads elsewhere: redirects are not followed. */
export function createSvsPool() {
  const options = { keepAlive: true, maxSockets: mostSockets }
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) }

  /** @returns the text of the answer @throws Error where there is none in time */
  return function post(url: URL, body: string, type: string, ms: number): Promise<string> {
    const [send, agent] = url.protocol === 'https:' ? [httpsRequest, agents.https] : [httpRequest, agents.http]
    return new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(ms)
      const headers = { 'content-type': type, 'content-length': Buffer.byteLength(body) }
      const sent = send(url, { method: 'POST', agent, headers, signal }, (response) => {
        const chunks: Buffer[] = []
        let length = 0
        response.on('data', (chunk: Buffer) => {
          length += chunk.length
          if (length > mostBytes) response.destroy(new Error('the answer is too long'))
          else chunks.push(chunk)
        })
        response.once('error', reject)
        response.once('end', () => {
          if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString())
          else reject(new Error(`the answer has status ${response.statusCode}`))
        })
      })
      sent.once('error', reject)
      sent.end(body)
    })
  }
}

const fields = z.record(z.string(), z.union([z.string(), z.number()]))
const answer = fields.transform((values) => ({ ...values, respValue: Number(values['respValue']) }))

/** The fields of a request or answer in the form that the device speaks. @throws Error for an answer of another form */
export const svsForms = {
  form: {
    type: 'application/x-www-form-urlencoded',
    write: (given: Record<string, string | number>) =>
      new URLSearchParams(
        Object.entries(given).map(([name, value]): [string, string] => [name, String(value)]),
      ).toString(),
  },
  json: { type: 'application/json', write: (given: Record<string, string | number>) => JSON.stringify(given) },
}

/** A device may answer in the other form. @throws Error for an answer of neither */
export function readSvsAnswer(text: string) {
  const trimmed = text.trim()
  const given: unknown = trimmed.startsWith('{')
    ? JSON.parse(trimmed)
    : Object.fromEntries(new URLSearchParams(trimmed))
  const read = answer.parse(given)
  if (!Number.isInteger(read.respValue)) throw new Error('the answer has no respValue')
  return read as Record<string, string | number> & { respValue: number }
}
