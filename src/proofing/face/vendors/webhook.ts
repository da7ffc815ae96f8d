import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../../config/clock.ts'
import { ended, faceReasons, type FaceRequest, type FaceVerifier } from '../verifier.ts'
import { page, post, read, unavailable, VendorFailed } from './ask.ts'

export const webhookSettings = z.strictObject({
  /** `begin` and `result` are put behind it. */
  url: z.url(),
  /** Shared by both sides; signs requests and answers. */
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

/**
 * HMAC-SHA256 in hexadecimal over a direction word, time, path and body, so that none is used for another.
 * @internal
 */
export const signRequest = (secret: string, { timestamp, path, body }: Message): string =>
  mac(secret, 'request', timestamp, path, body)

/** The same for the answer, and over the signature of the request: it answers that one and no other. @internal */
export const signAnswer = (secret: string, { timestamp, path, body }: Message, requestSignature: string): string =>
  mac(secret, 'answer', timestamp, path, requestSignature, body)

/**
 * A face platform of the province's own, by two signed calls (docs/face.md). Answers are signed as well and repeat our nonce:
 * nobody between can say "passed", nor repeat an old answer.
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
    const answer = await post(
      `${url.replace(/\/$/, '')}/${name}`,
      { 'content-type': 'application/json', 'x-yideng-timestamp': timestamp, 'x-yideng-signature': signature },
      body,
      mostMs,
    )
    const at = answer.headers.get('x-yideng-timestamp') ?? ''
    const given = Buffer.from(answer.headers.get('x-yideng-signature') ?? '')
    const expected = Buffer.from(signAnswer(secret, { timestamp: at, path: name, body: answer.text }, signature))
    const fresh = Math.abs(clock() - Number(at)) <= clockSkewMs
    if (!fresh || given.length !== expected.length || !timingSafeEqual(given, expected))
      throw new VendorFailed('not signed')
    const said = read(schema, answer.text)
    if (said.nonce !== nonce) throw new VendorFailed('an answer to another question')
    return said
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
        const said = await call('result', { nonce, reference }, result, nonce)
        if (said.reference !== reference) throw new VendorFailed('an answer about another')
        const { outcome, score, liveness, reasons } = said
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
