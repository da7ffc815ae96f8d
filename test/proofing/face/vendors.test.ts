import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createGzip } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { FaceRequest, FaceVerifier } from '../../../src/proofing/face/face-verifier.ts'
import { post } from '../../../src/proofing/face/vendors/ask.ts'
import { canonicalQuery, signAcs3, signTc3 } from '../../../src/keys/request-signatures.ts'
import { readVendors } from '../../../src/proofing/face/vendors/vendors.ts'
import { signAnswer, signRequest } from '../../../src/proofing/face/vendors/webhook.ts'
import { temporaryDirectory } from '../../setup/temporary.ts'

it('signs as in the examples of the vendors', () => {
  // Tencent Cloud API 3.0, "签名方法 v3", the example of cvm DescribeInstances; its secret is printed as 32 asterisks
  const masked = '*'.repeat(32)
  const body = String.raw`{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}`
  const tc3 = { secretId: `AKID${masked}`, secretKey: masked, service: 'cvm', host: 'cvm.tencentcloudapi.com', body }
  expect(signTc3({ ...tc3, action: 'DescribeInstances', at: 1551113065 })).toBe(
    `TC3-HMAC-SHA256 Credential=AKID${masked}/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host;x-tc-action, ` +
      'Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f',
  )
  // Alibaba Cloud, "V3 request structure and signature", the fixed parameters of ecs RunInstances
  const acs3 = signAcs3({
    accessKeyId: 'YourAccessKeyId',
    accessKeySecret: 'YourAccessKeySecret',
    host: 'ecs.cn-shanghai.aliyuncs.com',
    action: 'RunInstances',
    version: '2014-05-26',
    query: { RegionId: 'cn-shanghai', ImageId: 'win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd' },
    nonce: '3156853299f313e23d1673dc12e1703d',
    date: '2023-10-26T10:22:32Z',
  })
  expect(acs3['authorization']).toContain('Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0')
  expect(canonicalQuery({ b: "a b*c~'", a: '张' })).toBe('a=%E5%BC%A0&b=a%20b%2Ac~%27')
})

const clock = () => Date.UTC(2026, 10, 24)
const secret = 'a-secret-both-sides-know-and-nobody-else'
const request: FaceRequest = {
  subject: { personId: 'p', documentType: 'resident_id', documentNumber: '11010519491231002X', name: '张三' },
  purpose: 'proofing',
  level: 4,
  nonce: 'n-once',
  returnUrl: 'https://login.example/return?check=1',
  browser: 'Mozilla/5.0 (Linux; Android 14) Mobile',
}
const back = { kind: 'return', parameters: { check: '1' } } as const

interface Call {
  request: IncomingMessage
  path: string
  body: string
}
/** Undefined: the vendor does not answer. */
type Vendor = (call: Call) => { body: string; headers?: Record<string, string> } | undefined

describe('with a server that checks signatures and answers as documented', () => {
  let server: Server
  let origin: string
  let vendor: Vendor
  let verifiers: FaceVerifier[]
  const verifier = (name: string) => verifiers.find((one) => one.name === name) ?? expect.fail()

  beforeAll(async () => {
    server = createServer((incoming, response) => {
      let body = ''
      incoming.on('data', (chunk: Buffer) => (body += chunk.toString()))
      incoming.on('end', () => {
        const answer = vendor({ request: incoming, path: incoming.url ?? '', body })
        if (answer) response.writeHead(200, { 'content-type': 'application/json', ...answer.headers }).end(answer.body)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  beforeEach(() => {
    const file = join(temporaryDirectory(), 'vendors.json')
    const settings = {
      timeoutSeconds: 0.3,
      tencent: { secretId: 'id', secretKey: 'key', ruleId: '1', endpoint: origin },
      alibaba: { accessKeyId: 'id', accessKeySecret: 'key', sceneId: '7', endpoint: origin },
      webhook: { url: `${origin}/faces`, secret },
    }
    writeFileSync(file, JSON.stringify(settings))
    verifiers = readVendors(file, clock, false)
    expect(() => readVendors(file, clock, true)).toThrow('does not begin with https')
    writeFileSync(file, JSON.stringify({ ...settings, webhook: { url: 'x', secret: 'short' } }))
    expect(() => readVendors(file, clock, false)).toThrow(/YIDENG_FACE_VENDORS .* webhook/)
  })

  const host = () => new URL(origin).host

  /** Tencent's server: an answer for each action, to correctly signed requests. */
  const tencent =
    (answers: Record<string, object>): Vendor =>
    ({ request: { headers }, body }) => {
      const action = String(headers['x-tc-action'])
      const at = Number(headers['x-tc-timestamp'])
      const right = signTc3({ secretId: 'id', secretKey: 'key', service: 'faceid', host: host(), action, body, at })
      const Response =
        headers.authorization === right && headers['x-tc-version'] === '2018-03-01'
          ? answers[action]
          : { Error: { Code: 'AuthFailure.SignatureFailure', Message: 'no' } }
      return { body: JSON.stringify({ Response: { RequestId: 'r-1', ...Response } }) }
    }
  const asked = { DetectAuth: { Url: 'https://open.faceid.qq.com/v1?token=1', BizToken: 'biz' } }

  it('Tencent: returns the address of its page, and the result for its token', async () => {
    vendor = tencent(asked)
    expect(await verifier('tencent').begin(request)).toEqual({
      kind: 'redirect',
      url: 'https://open.faceid.qq.com/v1?token=1',
      state: 'biz',
    })
    const results: [object, object][] = [
      [
        { ErrCode: 0, LiveStatus: 0, Comparestatus: 0, Sim: '91.5', IdCard: '11010519491231002X' },
        { outcome: 'passed', score: 0.915, reference: 'r-1' },
      ],
      [
        { ErrCode: 2011, LiveStatus: 0, Comparestatus: 2011, Sim: '31.0' },
        { outcome: 'failed', reasons: ['other_face'] },
      ],
      [
        { ErrCode: 1001, LiveStatus: 1001 },
        { outcome: 'failed', reasons: ['not_alive'] },
      ],
      [{ ErrCode: null }, { outcome: 'cancelled' }],
      [{ ErrCode: 0, IdCard: '110105199001011234' }, { outcome: 'unavailable' }],
    ]
    for (const [Text, result] of results) {
      vendor = (call) => {
        expect(JSON.parse(call.body)).toMatchObject({ BizToken: 'biz', RuleId: '1' })
        return tencent({ GetDetectInfoEnhanced: { Text } })(call)
      }
      expect(await verifier('tencent').complete(request, 'biz', back), JSON.stringify(Text)).toMatchObject(result)
    }
  })

  /** Alibaba's server. */
  const alibaba =
    (answers: Record<string, object>): Vendor =>
    ({ request: { headers }, path }) => {
      const query = Object.fromEntries(new URL(path, origin).searchParams)
      const [action, version, date, nonce] = ['action', 'version', 'date', 'signature-nonce'].map((name) =>
        String(headers[`x-acs-${name}`]),
      ) as [string, string, string, string]
      const signed = { accessKeyId: 'id', accessKeySecret: 'key', host: host(), action, version, query, nonce, date }
      const right = signAcs3(signed)['authorization'] === headers.authorization && version === '2019-03-07'
      return {
        body: JSON.stringify(right ? { RequestId: 'r-2', ...answers[action] } : { Code: 'SignatureDoesNotMatch' }),
      }
    }

  it('Alibaba: the same', async () => {
    const ResultObject = { CertifyId: 'c-1', CertifyUrl: 'https://m.alicdn.example/c-1' }
    vendor = (call) => {
      const { CertName, CertNo, ReturnUrl, MetaInfo } = Object.fromEntries(new URL(call.path, origin).searchParams)
      expect(JSON.parse(MetaInfo ?? '')).toEqual({
        bioMetaInfo: '4.1.0:2916352,0',
        deviceType: 'h5',
        ua: request.browser,
      })
      expect({ CertName, CertNo, ReturnUrl }).toEqual({
        CertName: '张三',
        CertNo: '11010519491231002X',
        ReturnUrl: request.returnUrl,
      })
      return alibaba({ InitFaceVerify: { Code: '200', ResultObject } })(call)
    }
    expect(await verifier('alibaba').begin(request)).toEqual({
      kind: 'redirect',
      url: ResultObject.CertifyUrl,
      state: 'c-1',
    })
    const results: [object, string][] = [
      [{ Passed: 'T', SubCode: '200' }, 'passed'],
      [{ Passed: 'T', SubCode: '201' }, 'cancelled'],
      [{ Passed: 'F', SubCode: '205' }, 'failed'],
      [{ Passed: null }, 'cancelled'],
    ]
    for (const [object, outcome] of results) {
      vendor = alibaba({ DescribeFaceVerify: { Code: '200', ResultObject: object } })
      expect(await verifier('alibaba').complete(request, 'c-1', back)).toMatchObject({ outcome, reference: 'r-2' })
    }
  })

  /** The server of a provincial platform. */
  const platform =
    (content: object, change: { secret?: string; late?: number; path?: string; asked?: string } = {}): Vendor =>
    ({ request: { headers }, path, body }) => {
      const name = path.split('/').at(-1) ?? ''
      const right = signRequest(secret, { timestamp: String(headers['x-yideng-timestamp']), path: name, body })
      expect(headers['x-yideng-signature']).toBe(right)
      const answer = JSON.stringify(content)
      const timestamp = String(clock() + (change.late ?? 0))
      const message = { timestamp, path: change.path ?? name, body: answer }
      const signature = signAnswer(change.secret ?? secret, message, change.asked ?? right)
      return { body: answer, headers: { 'x-yideng-timestamp': timestamp, 'x-yideng-signature': signature } }
    }

  it('a platform of the province: accepts only signed, fresh answers to this request', async () => {
    const { nonce } = request
    vendor = platform({ nonce, url: 'https://face.gd.example/1', reference: 'ref' })
    expect(await verifier('webhook').begin(request)).toMatchObject({ kind: 'redirect', state: 'ref' })
    const answer = { nonce, reference: 'ref', outcome: 'passed', score: 0.97 }
    vendor = platform(answer)
    expect(await verifier('webhook').complete(request, 'ref', back)).toMatchObject({ outcome: 'passed', score: 0.97 })
    vendor = platform({ ...answer, outcome: 'failed', reasons: ['other_face'] })
    expect(await verifier('webhook').complete(request, 'ref', back)).toMatchObject({ outcome: 'failed' })
    const signed =
      (sign: (timestamp: string, text: string) => string): Vendor =>
      () => {
        const [timestamp, body] = [String(clock()), JSON.stringify(answer)]
        return { body, headers: { 'x-yideng-timestamp': timestamp, 'x-yideng-signature': sign(timestamp, body) } }
      }
    const forged: Vendor[] = [
      platform(answer, { secret: 'another secret that is just as long as it' }),
      platform(answer, { late: -600_000 }),
      platform(answer, { path: 'begin' }),
      platform({ ...answer, nonce: 'another' }),
      platform({ ...answer, reference: 'another' }),
      () => ({ body: JSON.stringify(answer) }),
      platform(answer, { asked: signRequest(secret, { timestamp: String(clock()), path: 'result', body: '{}' }) }),
      signed((timestamp, text) => signRequest(secret, { timestamp, path: 'result', body: text })),
      // without a direction word, as in an older version
      signed((timestamp, text) => createHmac('sha256', secret).update(`${timestamp}\nresult\n${text}`).digest('hex')),
    ]
    for (const one of forged) {
      vendor = one
      expect(await verifier('webhook').complete(request, 'ref', back)).toMatchObject({ outcome: 'unavailable' })
    }
  })

  it('returns no address that is not a web page', async () => {
    // oxlint-disable-next-line no-script-url -- what a broken vendor might answer
    const url = 'javascript:alert(1)'
    const answers: Record<string, Vendor> = {
      tencent: tencent({ DetectAuth: { Url: url, BizToken: 'biz' } }),
      alibaba: alibaba({ InitFaceVerify: { Code: '200', ResultObject: { CertifyId: 'c-1', CertifyUrl: url } } }),
      webhook: platform({ nonce: request.nonce, url, reference: 'ref' }),
    }
    for (const [name, answer] of Object.entries(answers)) {
      vendor = answer
      expect(await verifier(name).begin(request)).toMatchObject({ kind: 'ended', result: { outcome: 'unavailable' } })
    }
  })

  it.each(['tencent', 'alibaba', 'webhook'])(
    '%s: a refusal, garbage, a cut connection and silence are outcomes',
    async (name) => {
      const faults: Vendor[] = [
        () => ({ body: 'not JSON' }),
        () => ({ body: '{}' }),
        () => ({ body: JSON.stringify({ Code: '401', Response: { Error: { Code: 'AuthFailure', Message: 'no' } } }) }),
        ({ request: incoming }) => {
          incoming.socket.destroy()
          return { body: '' }
        },
        () => undefined,
      ]
      for (const fault of faults) {
        vendor = fault
        const begun = await verifier(name).begin(request)
        expect(begun).toMatchObject({ kind: 'ended', result: { outcome: 'unavailable', reasons: ['vendor'] } })
        expect(await verifier(name).complete(request, 'state', back)).toMatchObject({ outcome: 'unavailable' })
      }
    },
  )

  it.each(['identity', 'gzip'])('closes the connection to a vendor that sends without end (%s)', async (encoding) => {
    let sent = 0
    const endless = createServer((_, response) => {
      response.writeHead(200, { 'content-encoding': encoding })
      const out = encoding === 'gzip' ? createGzip() : response
      if (out !== response) out.pipe(response)
      const spaces = Buffer.alloc(64 * 1024, ' ')
      const more = () => {
        while (!response.destroyed && (sent += spaces.length) && out.write(spaces));
        if (!response.destroyed) out.once('drain', more)
      }
      more()
    })
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve))
    const address = endless.address()
    const gone = new Promise((resolve) => endless.once('connection', (socket) => socket.once('close', resolve)))
    const answer = post(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, {}, '', 20_000)
    await expect(answer).rejects.toMatchObject({ message: 'no answer', cause: { message: 'too long' } })
    await gone
    // kernel buffers of both sides add to the limit
    expect(sent).toBeLessThan(64 * 1024 * 1024)
    endless.close()
  })
})
