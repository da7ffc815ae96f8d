import { spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { derOfRaw, generateSm2Key, sm2Signer } from '../../src/keys/guomi/sm2.ts'
import { standardJwk, standardJws } from '../keys/guomi/vectors.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { rawPortal } from '../setup/raw-portal.ts'
import type { RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

/** How a verifier of examples/sm2-verify is started: it gets key set, issuer and client, and a token on standard input. */
export interface Verifier {
  command: readonly string[]
  directory: string
}

function run({ command: [program = '', ...words], directory }: Verifier, given: readonly string[], token: string) {
  const child = spawn(program, [...words, ...given], { cwd: directory })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  child.stdin.end(token)
  return new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, out, err }))
  })
}

const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

/** The standard's vector, and tokens that must be refused, each with a reason. */
export async function verifiesVectors(verifier: Verifier): Promise<void> {
  const [issuer, client] = ['https://id.example', 'gm']
  const own = generateSm2Key()
  const { sign } = sm2Signer(own)
  const keyFile = join(mkdtempSync(join(tmpdir(), 'yideng-test-')), 'keys.json')
  const { d: _one, ...standard } = { ...standardJwk, kid: 'gbt32918', alg: 'SGD_SM3_SM2' }
  const { d: _other, ...published } = { ...own, kid: 'own', alg: 'SGD_SM3_SM2' }
  writeFileSync(keyFile, JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', kid: 'own' }, standard, published] }))
  const given = [keyFile, issuer, client]
  const right = { iss: issuer, sub: 'p', aud: [client, 'another'], exp: 4_102_444_800 }
  const signed = async (claims: object, header: object = {}, form: (raw: Buffer) => Buffer = (raw) => raw) => {
    const text = `${encoded({ alg: 'SGD_SM3_SM2', kid: 'own', ...header })}.${encoded({ ...right, ...claims })}`
    return `${text}.${form(await sign(Buffer.from(text))).toString('base64url')}`
  }
  for (const token of [standardJws, await signed({}), await signed({}, {}, derOfRaw)])
    expect(await run(verifier, given, token), token).toMatchObject({ code: 0, err: '' })
  const [head, body, signature = ''] = standardJws.split('.')
  const raw = Buffer.from(signature, 'base64url')
  const form = (bytes: Uint8Array) => `${head}.${body}.${Buffer.from(bytes).toString('base64url')}`
  const wrong = {
    'another payload': `${head}.${encoded({ ...right, sub: 'q' })}.${signature}`,
    'r is zero': form(Buffer.concat([Buffer.alloc(32), raw.subarray(32)])),
    's is all ones': form(Buffer.concat([raw.subarray(0, 32), Buffer.alloc(32, 255)])),
    'a byte too many': form(Buffer.concat([raw, Buffer.of(0)])),
    'no signature': `${head}.${body}.`,
    'another algorithm': await signed({}, { alg: 'ES256' }),
    'no algorithm': await signed({}, { alg: 'none' }),
    'an unknown key': await signed({}, { kid: 'unknown' }),
    'another issuer': await signed({ iss: 'https://other.example' }),
    'another portal': await signed({ aud: 'other' }),
    expired: await signed({ exp: 1 }),
  }
  for (const [name, token] of Object.entries(wrong)) {
    const { code, out, err } = await run(verifier, given, token)
    expect({ name, code, out }).toEqual({ name, code: 1, out: '' })
    expect(err.trim().split('\n'), `${name}: one line, no stack trace`).toHaveLength(1)
  }
}

/** ID tokens of a running server, in both forms. */
export async function verifiesLiveTokens(verifier: Verifier, server: RunningServer): Promise<void> {
  const services = await server.services()
  for (const sm2_signature of ['raw', 'der'] as const) {
    const portal = await rawPortal(services, { id_token_alg: 'SGD_SM3_SM2', sm2_signature })
    const begun = portal.begin()
    const visitor = new Visitor(server.issuer)
    const page = await signIn(visitor, await visitor.get(begun.url), (await openPerson(services)).username)
    const { id_token = '' } = await begun.finish(page)
    const given = [`${server.issuer}/jwks-gm`, server.issuer, portal.id]
    const { code, out } = await run(verifier, given, id_token)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ iss: server.issuer, aud: portal.id })
    expect(await run(verifier, [...given.slice(0, 2), 'another'], id_token)).toMatchObject({ code: 1, out: '' })
  }
}
