import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readCertificate } from '../../../../../src/login/methods/certificate/x509/certificate.ts'
import { isListOf, readRevocationList, stateIn } from '../../../../../src/login/methods/certificate/x509/crl.ts'
import { contextTag, tags, writeDer } from '../../../../../src/login/methods/certificate/x509/der.ts'
import {
  ocspHashes,
  ocspQuestion,
  ocspState,
  type OcspHash,
} from '../../../../../src/login/methods/certificate/x509/ocsp.ts'
import {
  extension,
  fields,
  issue,
  issueCa,
  listOf,
  purposes,
  usage,
  type Issued,
  type ListOptions,
} from '../../../../setup/test-ca.ts'
import { answerOf, failure, type OcspOptions } from '../../../../setup/test-ocsp.ts'

const now = Date.now()
const minute = 60_000
const hour = 60 * minute
const ca = await issueCa('签发')
const other = await issueCa('别家')
const subject = [[fields.commonName, '张三']] as const

const point = (name: string) =>
  writeDer(contextTag(0), writeDer(contextTag(0), writeDer(contextTag(6, false), Buffer.from(name))))
const points = (...names: string[]) =>
  extension('2.5.29.31', writeDer(tags.sequence, ...names.map((name) => writeDer(tags.sequence, point(name)))))
const partOfList = (...parts: Buffer[]) => extension('2.5.29.28', writeDer(tags.sequence, ...parts), true)

const one = await issue({ subject, by: ca, extensions: [usage(0), points('http://ca.example/1.crl')] })
const certificate = readCertificate(one.der)
const issuer = readCertificate(ca.der)

describe('a list of revoked certificates', () => {
  async function state(options: ListOptions = {}, by: Pick<Issued, 'key' | 'subject'> = ca, of = certificate) {
    const list = readRevocationList(await listOf(by, options))
    return (await isListOf(list, issuer, now)) ? stateIn(list, of) : 'not ours'
  }

  it('tells a revoked certificate from the others', async () => {
    expect(await state()).toBe('good')
    expect(await state({ revoked: ['0102', one.serial, '7fff'] })).toBe('revoked')
    expect(await state({ revoked: ['0102', '00ff01'] })).toBe('good')
  })

  it('counts from its time to its end', async () => {
    expect(await state({ nextUpdate: now - minute })).toBe('not ours')
    expect(await state({ thisUpdate: now + hour })).toBe('not ours')
  })

  it('counts only with the signature of the CA that has issued the certificate', async () => {
    expect(await state({}, other)).toBe('not ours')
    expect(await state({}, { subject: ca.subject, key: other.key })).toBe('not ours')
    expect(await state({}, { subject: other.subject, key: ca.key })).toBe('not ours')
    const silent = await issueCa('签发', { key: ca.key, extensions: [usage(5)] })
    const list = readRevocationList(await listOf(ca))
    expect(await isListOf(list, readCertificate(silent.der), now)).toBe(false)
  })

  it('of a part speaks for the certificates of that part alone', async () => {
    const own = { extensions: [partOfList(point('http://ca.example/1.crl'))] }
    const another = { extensions: [partOfList(point('http://ca.example/2.crl'))] }
    expect(await state(own)).toBe('good')
    expect(await state(another)).toBe('unknown')
    expect(await state({ ...another, revoked: [one.serial] })).toBe('revoked')
    const without = readCertificate((await issue({ subject, by: ca })).der)
    expect(await state(own, ca, without)).toBe('unknown')
    expect(await state({ extensions: [partOfList(writeDer(contextTag(1, false), Buffer.of(0xff)))] })).toBe('good')
  })

  it.each([
    ['of CAs alone', [partOfList(writeDer(contextTag(2, false), Buffer.of(0xff)))]],
    ['of some reasons', [partOfList(writeDer(contextTag(3, false), Buffer.of(0, 0xff)))]],
    ['of several CAs', [partOfList(writeDer(contextTag(4, false), Buffer.of(0xff)))]],
    ['of changes', [extension('2.5.29.27', Buffer.of(2, 1, 1), true)]],
    ['of changes that does not say critical', [extension('2.5.29.27', Buffer.of(2, 1, 1))]],
  ])('%s is not read', async (_, extensions) => {
    await expect(state({ extensions })).rejects.toThrow('no DER')
  })

  it('with trailing bytes or a changed byte is not read, or not ours', async () => {
    const der = await listOf(ca, { revoked: ['0102'] })
    expect(() => readRevocationList(Buffer.concat([der, Buffer.of(0)]))).toThrow('trailing bytes')
    for (let at = 4; at < der.length; at += 11) {
      const changed = Buffer.from(der)
      changed[at] = (changed[at] ?? 0) ^ 1
      const accepted = await Promise.resolve()
        .then(() => isListOf(readRevocationList(changed), issuer, now))
        .catch(() => false)
      expect(accepted, `byte ${at}`).toBe(false)
    }
  })
})

describe('an answer of OCSP', () => {
  const about = { certificate, issuer }
  async function state(options: OcspOptions = {}, by: Pick<Issued, 'key' | 'subject'> = ca, name: OcspHash = 'sha1') {
    const nonce = randomBytes(16)
    const answer = await answerOf(ocspQuestion(about, name, nonce), by, options)
    return ocspState(answer, about, { name, nonce, now })
  }

  it.each(Object.keys(ocspHashes) as OcspHash[])('says what the CA knows, with names by %s', async (name) => {
    expect(await state({}, ca, name)).toBe('good')
    expect(await state({ state: 'revoked' }, ca, name)).toBe('revoked')
    expect(await state({ state: 'unknown' }, ca, name)).toBe('unknown')
  })

  it('is unknown where it is old, or of a time to come', async () => {
    expect(await state({ nextUpdate: now - hour })).toBe('unknown')
    expect(await state({ thisUpdate: now + hour })).toBe('unknown')
    expect(await state({ thisUpdate: now - hour, nextUpdate: undefined })).toBe('unknown')
    expect(await state({ nextUpdate: undefined })).toBe('good')
  })

  it('is unknown with the nonce of another question; an answer made in advance has none', async () => {
    expect(await state({ nonce: writeDer(tags.octetString, randomBytes(16)) })).toBe('unknown')
    expect(await state({ nonce: 'none' })).toBe('good')
  })

  it('is unknown about another certificate, and with two answers about one', async () => {
    const nonce = randomBytes(16)
    const another = readCertificate((await issue({ subject, by: ca })).der)
    const answer = await answerOf(ocspQuestion({ certificate: another, issuer }, 'sha1', nonce), ca)
    expect(await ocspState(answer, about, { name: 'sha1', nonce, now })).toBe('unknown')
    expect(await state({ times: 2 })).toBe('unknown')
  })

  it('counts with the signature of the CA, or of one whom it lets sign answers', async () => {
    const signer = (extensions: Buffer[], by = ca, from = now - hour) =>
      issue({ subject: [[fields.commonName, '应答']], by, extensions, from })
    const purpose = purposes('1.3.6.1.5.5.7.3.9')
    const right = await signer([usage(0), purpose])
    expect(await state({}, other)).toBe('unknown')
    expect(await state({ certificates: [right.der] }, right)).toBe('good')
    expect(await state({}, right)).toBe('unknown')
    for (const wrong of await Promise.all([
      signer([usage(0)]),
      signer([usage(2), purpose]),
      signer([usage(0), purpose], other),
      signer([usage(0), purpose], ca, now + hour),
    ]))
      expect(await state({ certificates: [wrong.der] }, wrong)).toBe('unknown')
    // the person's own certificate may not say that it is good
    expect(await state({ certificates: [one.der] }, one)).toBe('unknown')
  })

  it('without content, or of other bytes, is never a good one', async () => {
    const nonce = randomBytes(16)
    const read = (answer: Buffer) => ocspState(answer, about, { name: 'sha1', nonce, now })
    expect(await read(failure(3))).toBe('unknown')
    await expect(read(Buffer.from('<html>'))).rejects.toThrow('no DER')
    const der = await answerOf(ocspQuestion(about, 'sha1', nonce), ca)
    for (let at = 0; at < der.length; at += 13) {
      const changed = Buffer.from(der)
      changed[at] = (changed[at] ?? 0) ^ 1
      const said = await read(changed).catch(() => 'unknown')
      expect(said, `byte ${at}`).toBe('unknown')
    }
  })
})
