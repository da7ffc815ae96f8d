import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { derOfRaw, generateSm2Key, readSm2PublicKey, sm2Signer, verifySm2, rawOfDer } from '../../src/keys/guomi/sm2.ts'
import { afterFile } from './after-file.ts'

/** What the device does wrong. `long-integers`: 33 bytes where the first bit asks for none. */
export type SvsFaultKind =
  | 'none'
  | 'slow'
  | 'gone'
  | 'refuses'
  | 'wrong key'
  | 'long integers'
  | 'trailing bytes'
  | 'truncated'
  | 'no form'
  | 'too long'
  | 'status 500'

const pin = '12345678'

/** The public key as PEM, as a device exports it. */
const pemOf = (point: string) => {
  const spki = Buffer.from(`3059301306072a8648ce3d020106082a811ccf5501822d034200${point}`, 'hex').toString('base64')
  return `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`
}

/** Answers without a signature. */
const wrongAnswers: Partial<Record<SvsFaultKind, (request: IncomingMessage, response: ServerResponse) => void>> = {
  slow: () => undefined,
  gone: (request) => void request.socket.destroy(),
  'status 500': (_request, response) => void response.writeHead(500).end('oops'),
  'no form': (_request, response) => void response.end('<html>not the device</html>'),
  'too long': (_request, response) => void response.end('a'.repeat(100_000)),
}

/** A signature server with two keys, in the HTTP form of GM/T 0029, and its file for YIDENG_SVS. */
export async function fakeSignatureServer(answers: 'form' | 'json' = 'form') {
  const keys = [generateSm2Key(), generateSm2Key()]
  const state = {
    fault: 'none' as SvsFaultKind,
    calls: 0,
    connections: 0,
    /** By certificate in base64: `ValidateCert` and `VerifySignedData` answer with this. */
    certificates: new Map<string, number>(),
  }

  const signed = async (given: Record<string, string>) => {
    if (given['signMethod'] !== '131585' || given['keyValue'] !== pin) return { respValue: 0x0400_0001 }
    const data = Buffer.from(given['inData'] ?? '', 'base64')
    if (Number(given['inDataLen']) !== data.length) return { respValue: 0x0400_0002 }
    const jwk = keys[Number(given['keyIndex']) - 1]
    if (!jwk || state.fault === 'refuses') return { respValue: 0x0400_0005 }
    const signer = sm2Signer(state.fault === 'wrong key' ? generateSm2Key() : jwk)
    const der = derOfRaw(await signer.sign(data))
    const forms: Partial<Record<SvsFaultKind, Buffer>> = {
      'long integers': Buffer.concat([
        Buffer.of(0x30, 70, 2, 33, 1),
        Buffer.alloc(32, 7),
        Buffer.of(2, 33, 1),
        Buffer.alloc(32, 7),
      ]),
      'trailing bytes': Buffer.concat([der, Buffer.of(0)]),
      truncated: der.subarray(0, 40),
    }
    return { respValue: 0, signature: (forms[state.fault] ?? der).toString('base64') }
  }

  const verified = async (given: Record<string, string>) => {
    const known = state.certificates.get(given['cert'] ?? '')
    if (known !== undefined && known > 2) return { respValue: known }
    const publicKey = readSm2PublicKey(keys[0] ?? generateSm2Key())
    const raw = rawOfDer(Buffer.from(given['signature'] ?? '', 'base64')) ?? Buffer.alloc(0)
    return {
      respValue: (await verifySm2(publicKey, Buffer.from(given['inData'] ?? '', 'base64'), raw)) ? 0 : 0x0400_000c,
    }
  }

  const stated = (given: Record<string, string>) => {
    const known = state.certificates.get(given['cert'] ?? '') ?? 2
    return known > 2 ? { respValue: known } : { respValue: 0, state: known }
  }

  const server = createServer(async (request, response) => {
    state.calls += 1
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const json = request.headers['content-type'] === 'application/json'
    const given: Record<string, string> = json
      ? Object.fromEntries(Object.entries(JSON.parse(body) as object).map(([name, value]) => [name, String(value)]))
      : Object.fromEntries(new URLSearchParams(body))
    const wrong = wrongAnswers[state.fault]
    if (wrong) {
      wrong(request, response)
      return
    }
    const routes = { '/svs/SignData': signed, '/svs/VerifySignedData': verified, '/svs/ValidateCert': stated }
    const route = routes[request.url as keyof typeof routes] as (typeof routes)[keyof typeof routes] | undefined
    if (!route) {
      response.writeHead(404).end()
      return
    }
    const answer = Object.entries(await route(given)).map(([name, value]): [string, string] => [name, String(value)])
    response.end(
      answers === 'json' ? JSON.stringify(Object.fromEntries(answer)) : new URLSearchParams(answer).toString(),
    )
  })
  server.on('connection', () => (state.connections += 1))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/svs`
  const directory = mkdtempSync(join(tmpdir(), 'yideng-svs-'))
  afterFile(() => {
    server.closeAllConnections()
    server.close()
    rmSync(directory, { recursive: true, force: true })
  })

  const file = join(directory, 'svs.json')
  /** Writes the file of YIDENG_SVS. */
  function write(change: Record<string, unknown> = {}) {
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'pin'), `${pin}\n`)
    for (const [index, key] of keys.entries())
      writeFileSync(join(directory, `key-${index + 1}.pem`), pemOf(readSm2PublicKey(key).point))
    const first = { index: 1, publicKeyFile: 'key-1.pem', useFrom: '2026-01-01T00:00:00Z' }
    writeFileSync(
      file,
      JSON.stringify({ addresses: [address], body: answers, pinFile: 'pin', keys: [first], ...change }),
    )
  }
  write()
  return { state, file, address, write, publicKeys: keys.map(readSm2PublicKey), firstKey: keys[0] ?? generateSm2Key() }
}
