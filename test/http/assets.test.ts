import { get } from 'node:http'
import { expect, test } from 'vitest'
import { usualServer } from '../setup/server.ts'

const { issuer } = await usualServer()

/** The answer without a client that decodes it. */
const ask = (path: string, headers: Record<string, string>) =>
  new Promise<{ status: number | undefined; headers: Record<string, unknown>; bytes: number }>((resolve, reject) => {
    get(`${issuer}${path}`, { headers }, (answer) => {
      let bytes = 0
      answer.on('data', (chunk: Buffer) => (bytes += chunk.length))
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, bytes }))
    }).on('error', reject)
  })

async function pathOf(name: string): Promise<string> {
  const html = await (await fetch(issuer)).text()
  return new RegExp(`/assets/[0-9a-f]{16}-${name}`).exec(html)?.[0] ?? ''
}

test.each([
  ['br, gzip', 'br'],
  ['gzip', 'gzip'],
  ['gzip;q=0.5, br;q=0.9', 'br'],
  ['identity', undefined],
  ['deflate', undefined],
  ['br;q=0', undefined],
])('accept-encoding %s gets %s', async (accepted, coding) => {
  const path = await pathOf('yideng.css')
  const plain = await ask(path, { 'accept-encoding': 'identity' })
  const answer = await ask(path, { 'accept-encoding': accepted })
  expect(answer.headers['content-encoding']).toBe(coding)
  expect(answer.headers['vary']).toMatch(/accept-encoding/i)
  expect(answer.bytes < plain.bytes).toBe(coding !== undefined)
  expect(answer.headers['etag'] === plain.headers['etag']).toBe(coding === undefined)
})

test('a browser with this version gets 304, in its own coding only', async () => {
  const path = await pathOf('yideng.css')
  const first = await ask(path, { 'accept-encoding': 'br' })
  const etag = String(first.headers['etag'])
  const again = await ask(path, { 'accept-encoding': 'br', 'if-none-match': etag })
  expect([again.status, again.bytes]).toEqual([304, 0])
  const other = await ask(path, { 'accept-encoding': 'gzip', 'if-none-match': etag })
  expect(other.status).toBe(200)
})
