import { expect, it } from 'vitest'
import { knownScopes } from '../../src/clients/metadata.ts'
import { addSigningKeys } from '../../src/keys/signing-keys.ts'
import { startServer, until } from '../setup/server.ts'

it('caches keys and metadata, answers 304 to a known ETag, and changes with the keys', async () => {
  const server = await startServer()
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const answer = await fetch(`${server.issuer}${path}`, { method, headers })
    return { status: answer.status, headers: answer.headers, text: await answer.text() }
  }
  for (const path of ['/jwks', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']) {
    const first = await ask(path)
    const again = await ask(path, { origin: 'https://www.sz.example' })
    expect([first.status, again.status, again.text], path).toEqual([200, 200, first.text])
    const etag = first.headers.get('etag') ?? ''
    expect(etag, path).toMatch(/^"[\w-]{43}"$/) // strong
    for (const { headers } of [first, again]) {
      expect(headers.get('etag')).toBe(etag)
      expect(headers.get('cache-control')).toBe('public, max-age=300')
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
    const known = await ask(path, { 'if-none-match': etag })
    expect([known.status, known.text, known.headers.get('etag')], path).toEqual([304, '', etag])
    expect((await ask(path, { 'if-none-match': '"another"' })).status).toBe(200)
    const head = await ask(path, {}, 'HEAD')
    expect([head.status, head.text, head.headers.get('etag')], path).toEqual([200, '', etag])
  }
  const keys = await ask('/jwks')
  expect(keys.headers.get('content-type')).toBe('application/jwk-set+json; charset=utf-8')
  const preflight = await ask(
    '/jwks',
    { origin: 'https://a.example', 'access-control-request-method': 'GET' },
    'OPTIONS',
  )
  expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([204, 'GET'])
  expect((await ask('/metrics')).text).toMatch(/requests_total\{method="GET",route="jwks",status="304"\} 1/)

  const etag = keys.headers.get('etag') ?? ''
  const [added] = addSigningKeys(server.environment['YIDENG_KEYS_DIR'] ?? '', Date.now, Date.now() + 86_400_000)
  await (await server.services()).keysChanged()
  await until(async () => (await ask('/jwks', { 'if-none-match': etag })).status === 200)
  const changed = await ask('/jwks')
  expect(changed.headers.get('etag')).not.toBe(etag)
  expect(changed.text).toContain(added)
})

it('names no scope that a portal cannot be registered for', async () => {
  const server = await startServer()
  for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']) {
    const document = (await (await fetch(`${server.issuer}${path}`)).json()) as { scopes_supported: string[] }
    expect(document.scopes_supported.toSorted(), path).toEqual([...knownScopes].toSorted())
  }
})
