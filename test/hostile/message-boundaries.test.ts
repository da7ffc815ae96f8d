import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { usualServer } from '../setup/server.ts'

const server = await usualServer()
const { host, port } = new URL(server.issuer)

/** Sends raw bytes. Returns the status of each answer until the server closes the connection. */
function statuses(bytes: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), 'localhost', () => socket.write(bytes))
    let text = ''
    socket.setTimeout(2000, () => socket.destroy())
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    socket.on('error', reject)
    socket.on('close', () => resolve([...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status = '']) => status)))
  })
}

const request = (headers: string[], body = '', line = 'POST /token HTTP/1.1') =>
  [line, `Host: ${host}`, ...headers, '', body].join('\r\n')
const form = 'Content-Type: application/x-www-form-urlencoded'
/** A request that an attacker wants to insert between two requests of other people. */
const smuggled = `GET /healthz HTTP/1.1\r\nHost: ${host}\r\n\r\n`

it('answers two pipelined requests separately', async () => {
  const body = 'grant_type=none'
  const first = request([form, `Content-Length: ${body.length}`], body)
  expect(await statuses(first + request(['Connection: close'], '', 'GET /healthz HTTP/1.1'))).toEqual(['400', '200'])
})

it.each([
  ['a length and chunks', [form, 'Content-Length: 4', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`],
  ['chunks and a length', [form, 'Transfer-Encoding: chunked', 'Content-Length: 4'], `0\r\n\r\n${smuggled}`],
  ['two lengths', [form, 'Content-Length: 0', `Content-Length: ${smuggled.length}`], smuggled],
  ['two lengths in one', [form, 'Content-Length: 0, 5'], smuggled],
  ['a length that is none', [form, 'Content-Length: +5'], smuggled],
  ['a length in another notation', [form, 'Content-Length: 0x5'], smuggled],
  ['chunks twice', [form, 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], `0\r\n\r\n${smuggled}`],
  ['chunks under another name', [form, 'Transfer-Encoding: xchunked'], `0\r\n\r\n${smuggled}`],
  ['a space before the colon', [form, 'Transfer-Encoding : chunked'], `0\r\n\r\n${smuggled}`],
  ['a folded header', [form, 'Transfer-Encoding:\r\n chunked', 'Content-Length: 5'], `0\r\n\r\n${smuggled}`],
  ['a chunk of a size that is none', [form, 'Transfer-Encoding: chunked'], `-1\r\n\r\n${smuggled}`],
  ['a chunk that is longer than it says', [form, 'Transfer-Encoding: chunked'], `1\r\nab\r\n0\r\n\r\n${smuggled}`],
  ['a bare line feed after a header', ['X-A: b\nTransfer-Encoding: chunked', 'Content-Length: 0'], smuggled],
  ['a bare carriage return', [`X-A: b\rTransfer-Encoding: chunked`, 'Content-Length: 0'], smuggled],
  ['a NUL in a header', ['X-A: b\0', 'Content-Length: 0'], smuggled],
])('refuses %s, and nothing that comes behind', async (_what, headers, body) => {
  const [first, ...rest] = await statuses(request(headers, body))
  expect(first).toBe('400')
  expect(rest).toEqual([])
})

it('refuses lines that end with a line feed only', async () => {
  expect(await statuses(`GET /healthz HTTP/1.1\nHost: ${host}\n\n`)).toEqual(['400'])
})
