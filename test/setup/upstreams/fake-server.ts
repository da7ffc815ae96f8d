import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterFile } from '../after-file.ts'

export interface Asked {
  method: string
  path: string
  /** Of the address and of the form. */
  given: URLSearchParams
  authorization: string
}

export interface FakeAnswer {
  status?: number
  type?: string
  location?: string
  body?: string | Uint8Array
}

/** Faults of any answer on its way. */
export const transportFaults = ['slow', 'hang-up', 'half', 'huge', 'redirect', 'status-500', 'page', 'empty'] as const

export type TransportFault = (typeof transportFaults)[number]

/** A server of an upstream on this machine, which fails as a test says. An endpoint is named by the last part of its path. */
export async function startFake(answer: (asked: Asked) => FakeAnswer | Promise<FakeAnswer>) {
  const faults = new Map<string, TransportFault>()
  const altered = new Map<string, (text: string) => string | Uint8Array>()
  const calls: Asked[] = []
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function serve(request: IncomingMessage, response: ServerResponse) {
    const asked = await read(request)
    calls.push(asked)
    const endpoint = asked.path.split('/').at(-1) ?? ''
    const usual = await answer(asked)
    const alter = altered.get(endpoint)
    const sent = alter ? { ...usual, body: alter(String(usual.body ?? '')) } : usual
    send(response, sent, faults.get(endpoint))
  }

  afterFile(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  return {
    url,
    /** All calls so far. */
    calls,
    /** All answers of an endpoint have this fault, until `well`. */
    fail: (endpoint: string, fault: TransportFault) => void faults.set(endpoint, fault),
    /** Changes the right answers of an endpoint, until `well`. */
    alter: (endpoint: string, alter: (text: string) => string | Uint8Array) => void altered.set(endpoint, alter),
    well() {
      faults.clear()
      altered.clear()
    },
  }
}

async function read(request: IncomingMessage): Promise<Asked> {
  const url = new URL(request.url ?? '/', 'http://fake')
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const given = new URLSearchParams([...url.searchParams, ...new URLSearchParams(Buffer.concat(chunks).toString())])
  const { authorization = '' } = request.headers
  return { method: request.method ?? '', path: url.pathname, given, authorization }
}

function send(response: ServerResponse, answer: FakeAnswer, fault: TransportFault | undefined): void {
  const { status = 200, type = 'application/json', location, body = '' } = answer
  const headers = { 'content-type': type, ...(location === undefined ? {} : { location }) }
  const ways: Record<TransportFault | 'none', () => void> = {
    none: () => void response.writeHead(status, headers).end(body),
    slow: () => undefined,
    'hang-up': () =>
      void response.writeHead(200, { ...headers, 'content-length': 100_000 }).write(body, () => response.destroy()),
    half: () => void response.writeHead(status, headers).end(body.slice(0, body.length / 2)),
    huge: () => void response.writeHead(status, headers).end(`${String(body)}${' '.repeat(300 * 1024)}`),
    redirect: () => void response.writeHead(302, { ...headers, location: '/elsewhere' }).end(body),
    'status-500': () => void response.writeHead(500, headers).end(body),
    page: () => void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>busy</p>'),
    empty: () => void response.writeHead(200, headers).end(),
  }
  ways[fault ?? 'none']()
}
