import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeAll, expect, it } from 'vitest'
import { createOutbound } from '../../src/guards/outbound.ts'
import { signAcs3 } from '../../src/keys/request-signatures.ts'
import { alibabaRecycled } from '../../src/proofing/recycled-numbers.ts'
import { afterFile } from '../setup/after-file.ts'

const clock = () => Date.UTC(2026, 10, 24)
const account = { accessKeyId: 'id', accessKeySecret: 'key', authCode: 'auth' }
let endpoint: string
let body: string | undefined
const asked: Record<string, string>[] = []

/** A vendor that checks the signature; without `body` it does not answer. */
beforeAll(async () => {
  const server = createServer((incoming, response) => {
    const query = Object.fromEntries(new URL(incoming.url ?? '', 'http://vendor').searchParams)
    const signed = signAcs3({
      ...account,
      host: String(incoming.headers.host),
      action: 'DescribePhoneTwiceTelVerify',
      version: '2020-02-17',
      query,
      nonce: String(incoming.headers['x-acs-signature-nonce']),
      date: String(incoming.headers['x-acs-date']),
    })
    expect(incoming.headers['authorization']).toBe(signed['authorization'])
    asked.push(query)
    if (body !== undefined) response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterFile(() => {
    server.closeAllConnections()
    server.close()
  })
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

const verdict = (VerifyResult: string, Code = 'OK') => JSON.stringify({ Code, Data: { VerifyResult, Carrier: 'CMCC' } })

it.each([
  ['1', verdict('1'), 'changed'],
  ['2', verdict('2'), 'same'],
  ['3, cancelled', verdict('3'), 'changed'],
  ['0, not to be judged', verdict('0'), 'unknown'],
  ['another code', verdict('1', 'RequestNumberNotSupported'), 'unknown'],
  ['no document', '{"hello"', 'unknown'],
  ['nothing', undefined, 'unknown'],
])('the vendor says %s', async (_what, given, hands) => {
  body = given
  const fetch = createOutbound({ allowed: () => true, patienceMs: 300, readsPosts: true })
  const numbers = alibabaRecycled(fetch, { ...account, endpoint }, clock)
  // midnight of China begins the next day
  expect(await numbers.hands('+8613800138000', Date.UTC(2025, 0, 31, 17, 4, 9))).toBe(hands)
  const StartTime = '2025-02-01 01:04:09'
  expect(asked.at(-1)).toMatchObject({ InputNumber: '13800138000', StartTime, AuthCode: 'auth' })
})

it('other countries are not asked for', async () => {
  const fetch = createOutbound({ allowed: () => true })
  const before = asked.length
  expect(await alibabaRecycled(fetch, { ...account, endpoint }, clock).hands('+85261234567', 0)).toBe('unknown')
  expect(asked).toHaveLength(before)
})
