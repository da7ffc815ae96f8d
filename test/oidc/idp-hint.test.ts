import type { KoaContextWithOIDC } from 'oidc-provider'
import { beforeAll, describe, expect, it } from 'vitest'
import { keepHint } from '../../src/oidc/idp-hint.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { usualServer, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

const useless: [string, string][] = [
  ['an upstream that nobody has', 'atlantis'],
  ['capital letters', 'Foshan'],
  ['an address', 'https://evil.example/authorize'],
  ['markup', '"><script>alert(1)</script>'],
  ['a name of every object', '__proto__'],
  ['no characters', ''],
  ['12,000 characters', 'f'.repeat(12_000)],
]

describe('idp_hint', () => {
  let [server, portal] = [] as unknown as [RunningServer, TestPortal]
  beforeAll(async () => {
    server = await usualServer()
    portal = await registerPortal(await server.services(), { type: 'spa' })
  })

  it.each(useless)('is ignored where it is of no use: %s', async (_what, hint) => {
    const visitor = new Visitor(server.issuer)
    const { url } = await portal.begin({ idp_hint: hint })
    const page = await visitor.get(url)
    expect(page).toMatchObject({ status: 200, leads: undefined })
    expect(page.html).toContain('name="identifier"')
    expect(page.html).not.toContain('evil.example')
    expect(page.html).not.toContain('<script>alert')
  })

  it.each(useless)('is ignored in a pushed request too: %s', async (_what, hint) => {
    const { url } = await portal.begin({ idp_hint: hint })
    const answer = await fetch(`${server.issuer}/par`, { method: 'POST', body: url.searchParams })
    expect(answer.status).toBe(201)
    const { request_uri } = (await answer.json()) as { request_uri: string }
    const pushed = new URL(`${server.issuer}/authorize`)
    pushed.search = new URLSearchParams({ client_id: portal.clientId, request_uri }).toString()
    expect((await new Visitor(server.issuer).get(pushed)).html).toContain('name="identifier"')
  })

  it.each([...useless.slice(1), ['an array', ['foshan']], ['an object', { id: 'foshan' }]] as const)(
    'is not stored with the login: %s',
    (_what, hint) => {
      const params: Record<string, unknown> = { idp_hint: hint, state: 'kept' }
      keepHint({ oidc: { params } } as unknown as KoaContextWithOIDC, hint)
      expect(params).toEqual({ idp_hint: undefined, state: 'kept' })
    },
  )

  it('is kept where it can be the id of an upstream', () => {
    const params = { idp_hint: 'foshan-2' }
    keepHint({ oidc: { params } } as unknown as KoaContextWithOIDC, 'foshan-2')
    expect(params).toEqual({ idp_hint: 'foshan-2' })
  })
})
