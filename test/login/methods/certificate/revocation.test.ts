import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSignatureServer } from '../../../../src/keys/guomi/svs/signature-server.ts'
import { derOfRaw, sm2Signer } from '../../../../src/keys/guomi/sm2.ts'
import type { CertificateAuthority } from '../../../../src/login/methods/certificate/cas-file.ts'
import { identify } from '../../../../src/login/methods/certificate/identify.ts'
import { createRevocation } from '../../../../src/login/methods/certificate/revocation.ts'
import { readCertificate } from '../../../../src/login/methods/certificate/x509/certificate.ts'
import { afterFile } from '../../../setup/after-file.ts'
import { answerOf as answerWith, rules } from '../../../setup/certificate-login.ts'
import { residentId } from '../../../setup/people.ts'
import { fakeSignatureServer } from '../../../setup/signature-server.ts'
import { handClock, temporaryDirectory } from '../../../setup/temporary.ts'
import { fields, issue, issueCa, listOf, pem, type Issued, type TestKey } from '../../../setup/test-ca.ts'
import { answerOf, type OcspOptions } from '../../../setup/test-ocsp.ts'

const minute = 60_000
const number = residentId('44030019560312001')
let ca: Issued
let one: Issued
let about: { certificate: ReturnType<typeof readCertificate>; issuer: ReturnType<typeof readCertificate> }

/** What the server of the CA answers now, and how often it was asked. */
const state = { body: Buffer.alloc(0) as Buffer, status: 200, asked: 0, ocsp: undefined as OcspOptions | undefined }
let server: Server
let address: string

beforeAll(async () => {
  ca = await issueCa('签发')
  one = await issue({
    by: ca,
    subject: [
      [fields.commonName, '张三'],
      [fields.serialNumber, `SF${number}`],
    ],
  })
  about = { certificate: readCertificate(one.der), issuer: readCertificate(ca.der) }
  server = createServer(async (request, response) => {
    state.asked += 1
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const isOcsp = request.headers['content-type'] === 'application/ocsp-request' && state.ocsp
    const body = isOcsp ? await answerOf(Buffer.concat(chunks), ca, state.ocsp) : state.body
    response.writeHead(state.status).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  afterFile(() => server.close())
})

beforeEach(() => {
  Object.assign(state, { body: Buffer.alloc(0), status: 200, asked: 0, ocsp: undefined })
})

const rowWith = (revocation: CertificateAuthority['revocation']): CertificateAuthority => ({
  id: 'gd',
  name: '粤信签',
  certificateFiles: [],
  certificates: [about.issuer],
  subjects: [{ ...rules.natural, documentType: 'resident_id' } as CertificateAuthority['subjects'][number]],
  keys: 'software',
  level: 3,
  revocation,
})

function open(signatureServer?: ReturnType<typeof createSignatureServer>) {
  const { clock, forward } = handClock(Date.now())
  const directory = temporaryDirectory()
  const pathOf = (name: string) => join(directory, name)
  return { revocation: createRevocation({ clock, signatureServer, pathOf }), forward, pathOf, clock }
}

describe('lists of revoked certificates', () => {
  it('are kept for ten minutes, and longer where the CA is silent, but never past their end', async () => {
    const { revocation, forward } = open()
    const row = rowWith({ crls: [address] })
    const check = () => revocation(row, about)
    state.body = await listOf(ca, { nextUpdate: Date.now() + 60 * minute })
    // requests that come together share one call
    expect(await Promise.all([check(), check(), check()])).toEqual(['good', 'good', 'good'])
    expect(state.asked).toBe(1)
    forward(9 * minute)
    expect(await check()).toBe('good')
    expect(state.asked).toBe(1)
    state.status = 500
    forward(2 * minute)
    expect(await check()).toBe('good')
    expect(await check()).toBe('good')
    expect(state.asked).toBe(2)
    forward(60 * minute)
    expect(await check()).toBe('unknown')
    state.status = 200
    state.body = await listOf(ca, { revoked: [one.serial], nextUpdate: Date.now() + 600 * minute })
    forward(minute)
    expect(await check()).toBe('revoked')
  })

  it.each<[string, () => Promise<Buffer> | Buffer]>([
    ['nothing', () => Buffer.alloc(0)],
    ['another form', () => Buffer.from('<html>')],
    ['a list of another CA', async () => listOf(await issueCa('别家'))],
    ['a list that is over', () => listOf(ca, { nextUpdate: Date.now() - minute })],
  ])('with %s leave the state unknown', async (_, body) => {
    state.body = await body()
    expect(await open().revocation(rowWith({ crls: [address] }), about)).toBe('unknown')
  })

  it('without the signature of the CA, or of the future, are not kept', async () => {
    const { revocation, forward, clock } = open()
    const check = () => revocation(rowWith({ crls: [address] }), about)
    state.body = await listOf(ca, { nextUpdate: clock() + 600 * minute })
    expect(await check()).toBe('good')
    const late = { thisUpdate: clock() + 9000 * minute, nextUpdate: clock() + 9999 * minute }
    for (const forged of [await listOf(await issueCa('签发'), late), await listOf(ca, late)]) {
      state.body = forged
      forward(11 * minute)
      expect(await check()).toBe('good')
    }
    state.body = await listOf(ca, { revoked: [one.serial], thisUpdate: clock(), nextUpdate: clock() + 600 * minute })
    forward(11 * minute)
    expect(await check()).toBe('revoked')
  })

  it('need one that speaks for the certificate, and one that has it is enough', async () => {
    const { revocation, pathOf } = open()
    writeFileSync(pathOf('own.pem'), pem(await listOf(ca)).replaceAll('CERTIFICATE', 'X509 CRL'))
    writeFileSync(pathOf('other.crl'), await listOf(await issueCa('别家')))
    expect(await revocation(rowWith({ crls: ['other.crl', 'own.pem'] }), about)).toBe('good')
    expect(await revocation(rowWith({ crls: ['other.crl', 'none.crl'] }), about)).toBe('unknown')
    state.body = await listOf(ca, { revoked: [one.serial] })
    expect(await revocation(rowWith({ crls: ['own.pem', address] }), about)).toBe('revoked')
  })
})

describe('a question by OCSP', () => {
  it('is asked each time, and an answer that is none leaves the state unknown', async () => {
    const { revocation } = open()
    const check = () => revocation(rowWith({ ocsp: address, hash: 'sha1' }), about)
    state.ocsp = {}
    expect([await check(), await check()]).toEqual(['good', 'good'])
    expect(state.asked).toBe(2)
    state.ocsp = { state: 'revoked' }
    expect(await check()).toBe('revoked')
    state.ocsp = undefined
    expect(await check()).toBe('unknown')
    state.ocsp = {}
    state.status = 503
    expect(await check()).toBe('unknown')
    const { revocation: other } = open()
    expect(await other(rowWith({ ocsp: 'http://127.0.0.1:9/', hash: 'sm3' }), about)).toBe('unknown')
  })
})

describe('a signature server', () => {
  it('checks state and signature; a silent one refuses', async () => {
    const device = await fakeSignatureServer()
    const { firstKey, state: svs } = device
    const { publicKey, sign } = sm2Signer(firstKey)
    const key: TestKey = {
      name: 'SM2-SM3',
      spki: Buffer.concat([
        Buffer.from('3059301306072a8648ce3d020106082a811ccf5501822d034200', 'hex'),
        Buffer.from(publicKey.point, 'hex'),
      ]),
      sign: async (data) => derOfRaw(await sign(data)),
    }
    const subject = [
      [fields.commonName, '张三'],
      [fields.serialNumber, `SF${number}`],
    ] as const
    const mine = await issue({ by: ca, key, subject })
    const signatureServer = createSignatureServer(device.file)
    const { revocation, clock } = open(signatureServer)
    const list = () => [rowWith({ svs: true })]
    const text = 'yideng-cert-1\nhttps://id.example\nlogin\nportal\nchallenge'
    const outcome = async (who: Issued = mine) => {
      const result = await identify({ list, revocation, signatureServer, clock }, await answerWith(who, text), text)
      return 'fault' in result ? result.fault : result.identity.subject.name
    }
    const set = (der: Buffer, known: number) => svs.certificates.set(der.toString('base64'), known)
    expect(await outcome()).toBe('unchecked')
    set(mine.der, 0)
    expect(await outcome()).toBe('张三')
    set(mine.der, 1)
    expect(await outcome()).toBe('revoked')
    set(mine.der, 0x0400_000b)
    expect(await outcome()).toBe('revoked')
    // the device knows the certificate, and has another key for it
    const other = await issue({ by: ca, subject })
    set(other.der, 0)
    expect(await outcome(other)).toBe('unchecked')
    set(mine.der, 0)
    svs.fault = 'gone'
    expect(await outcome()).toBe('unchecked')
    const without = await identify(
      { list, revocation: open().revocation, signatureServer: undefined, clock },
      await answerWith(mine, text),
      text,
    )
    expect(without).toEqual({ fault: 'unchecked' })
  })
})
