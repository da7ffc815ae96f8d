import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../../config/clock.ts'
import { ended, faceReasons, type FaceRequest, type FaceVerifier } from '../face-verifier.ts'
import { read, VendorFailed } from '../../vendor-calls.ts'
import { page, post, unavailable } from './ask.ts'

export const webhookSettings = z.strictObject({
  /** Base address; `/begin` and `/result` are appended. */
  url: z.url(),
  /** Shared secret for the signatures of requests and answers. */
  secret: z.string().min(32),
})

const clockSkewMs = 300_000
const begun = z.object({ nonce: z.string(), url: page, reference: z.string().max(200) })
const result = z.object({
  nonce: z.string(),
  reference: z.string().max(200),
  outcome: z.enum(['passed', 'failed', 'unusable', 'cancelled', 'late', 'unavailable']),
  score: z.number().min(0).max(1).optional(),
  liveness: z.number().min(0).max(1).optional(),
  reasons: z.array(z.enum(faceReasons)).default([]),
})

interface Message {
  /** Milliseconds since 1970 UTC, in digits. */
  timestamp: string
  path: string
  body: string
}

const mac = (secret: string, ...lines: string[]): string =>
  createHmac('sha256', secret).update(lines.join('\n')).digest('hex')

/** HMAC-SHA256 in hexadecimal over direction, time, path and body. A signature fits no other message. @internal */
export const signRequest = (secret: string, { timestamp, path, body }: Message): string =>
  mac(secret, 'request', timestamp, path, body)

/** As `signRequest`, for the answer. It includes the signature of the request, so it fits this request only. @internal */
export const signAnswer = (secret: string, { timestamp, path, body }: Message, requestSignature: string): string =>
  mac(secret, 'answer', timestamp, path, requestSignature, body)

/**
 * A face platform of the province, with two signed calls (docs/face.md). Answers are signed and repeat our nonce: an attacker on
 * the network can neither forge "passed" nor replay an old answer.
 */
export function webhookVerifier(
  { url, secret }: z.infer<typeof webhookSettings>,
  clock: Clock,
  mostMs: number,
): FaceVerifier {
  async function call<T extends { nonce: string }>(
    name: 'begin' | 'result',
    content: object,
    schema: z.ZodType<T>,
    nonce: string,
  ) {
    const body = JSON.stringify(content)
    const timestamp = String(clock())
    const signature = signRequest(secret, { timestamp, path: name, body })
    const response = await post(
      `${url.replace(/\/$/, '')}/${name}`,
      { 'content-type': 'application/json', 'x-yideng-timestamp': timestamp, 'x-yideng-signature': signature },
      body,
      mostMs,
    )
    const at = response.headers.get('x-yideng-timestamp') ?? ''
    const given = Buffer.from(response.headers.get('x-yideng-signature') ?? '')
    const expected = Buffer.from(signAnswer(secret, { timestamp: at, path: name, body: response.text }, signature))
    const fresh = Math.abs(clock() - Number(at)) <= clockSkewMs
    if (!fresh || given.length !== expected.length || !timingSafeEqual(given, expected))
      throw new VendorFailed('not signed')
    const answer = read(schema, response.text)
    if (answer.nonce !== nonce) throw new VendorFailed('an answer to another question')
    return answer
  }

  const subjectOf = ({ subject }: FaceRequest) => ({
    document_type: subject.documentType,
    document_number: subject.documentNumber,
    name: subject.name,
  })

  return {
    name: 'webhook',
    async begin(request) {
      const { nonce, purpose, level, returnUrl } = request
      try {
        const content = { nonce, purpose, level, return_url: returnUrl, subject: subjectOf(request) }
        const answer = await call('begin', content, begun, nonce)
        return { kind: 'redirect', url: answer.url, state: answer.reference }
      } catch (error) {
        return { kind: 'ended', result: unavailable(error) }
      }
    },
    async complete({ nonce }, reference) {
      try {
        const answer = await call('result', { nonce, reference }, result, nonce)
        if (answer.reference !== reference) throw new VendorFailed('an answer about another')
        const { outcome, score, liveness, reasons } = answer
        return {
          ...ended(outcome, ...reasons),
          reference,
          ...(score === undefined ? {} : { score }),
          ...(liveness === undefined ? {} : { liveness }),
        }
      } catch (error) {
        return unavailable(error)
      }
    },
  }
}
