import {
  contextTag,
  partsOf,
  readDer,
  sequenceOf,
  tags,
  writeDer,
  writeOid,
} from '../../src/login/methods/certificate/x509/der.ts'
import { extension, signed, time, type Issued, type TestKey } from './test-ca.ts'

export interface OcspOptions {
  state?: 'good' | 'revoked' | 'unknown'
  thisUpdate?: number
  nextUpdate?: number | undefined
  /** In place of the nonce of the question. */
  nonce?: Buffer | 'none'
  /** Certificates that come with the answer. */
  certificates?: readonly Buffer[]
  /** How often the answer is in it. */
  times?: number
}

const nonceOid = '1.3.6.1.5.5.7.48.1.2'

/** The CertID and the nonce of a question. */
function readQuestion(question: Buffer): { certId: Buffer; nonce: Buffer } {
  const [tbs] = sequenceOf(question)
  const [requests, wrapped] = tbs ? partsOf(tbs) : []
  const [request] = requests ? partsOf(requests) : []
  const [certId] = request ? partsOf(request) : []
  const [nonceExtension] = wrapped ? partsOf(readDer(wrapped.content)) : []
  const nonce = nonceExtension && partsOf(nonceExtension)[1]
  if (!certId || !nonce) throw new Error('no question of OCSP')
  return { certId: certId.raw, nonce: nonce.content }
}

/** Answers as a responder of OCSP does (RFC 6960). */
export async function answerOf(
  question: Buffer,
  by: Pick<Issued, 'key' | 'subject'>,
  options: OcspOptions = {},
): Promise<Buffer> {
  const { state = 'good', thisUpdate = Date.now() - 60_000, certificates = [], times = 1 } = options
  const asked = readQuestion(question)
  const nextUpdate = 'nextUpdate' in options ? options.nextUpdate : Date.now() + 3_600_000
  const status = {
    good: writeDer(contextTag(0, false)),
    revoked: writeDer(contextTag(1), time(thisUpdate)),
    unknown: writeDer(contextTag(2, false)),
  }[state]
  const single = writeDer(
    tags.sequence,
    asked.certId,
    status,
    time(thisUpdate),
    ...(nextUpdate === undefined ? [] : [writeDer(contextTag(0), time(nextUpdate))]),
  )
  const nonce = options.nonce === undefined ? asked.nonce : options.nonce
  const tbs = writeDer(
    tags.sequence,
    writeDer(contextTag(1), by.subject),
    time(thisUpdate),
    writeDer(tags.sequence, ...Array.from({ length: times }, () => single)),
    ...(nonce === 'none' ? [] : [writeDer(contextTag(1), writeDer(tags.sequence, extension(nonceOid, nonce)))]),
  )
  const more = certificates.length > 0 ? [writeDer(contextTag(0), writeDer(tags.sequence, ...certificates))] : []
  return wrapped(await signed(tbs, by.key satisfies TestKey, ...more))
}

const wrapped = (basic: Buffer) =>
  writeDer(
    tags.sequence,
    writeDer(tags.enumerated, Buffer.of(0)),
    writeDer(
      contextTag(0),
      writeDer(tags.sequence, writeOid('1.3.6.1.5.5.7.48.1.1'), writeDer(tags.octetString, basic)),
    ),
  )

/** An answer without content, such as `tryLater` (3). */
export const failure = (code: number): Buffer => writeDer(tags.sequence, writeDer(tags.enumerated, Buffer.of(code)))
