import { expect, it, onTestFinished } from 'vitest'
import { startPortal } from '../../../examples/portal/portal.ts'
import type { Check } from '../../../src/admin/check/check-portal.ts'
import { denial, faults, logoutFaults } from '../../../src/admin/check/faults.ts'
import { commandLine } from '../../cli/in-process.ts'
import { freePort } from '../../setup/free-port.ts'
import { startCarelessPortal } from './careless-portal.ts'

/** A registered portal, with its port and the port of the faulty provider. */
async function registered(...more: string[]) {
  const line = commandLine()
  const [port, checker] = [await freePort(), await freePort()]
  const url = `http://localhost:${port}`
  const { client_id: id } = await line.json<{ client_id: string }>(
    'client',
    'create',
    '--name',
    '门户',
    '--redirect-uri',
    `${url}/callback`,
    '--scope',
    'openid profile phone',
    ...more.map((word) => word.replace('PORTAL', url)),
  )
  const check = (...words: string[]) =>
    line.yideng('client', 'check', id, '--port', String(checker), '--json', ...words)
  return { ...line, id, port, url, issuer: `http://localhost:${checker}`, check }
}

const look = { name: '门户', tagline: '', colour: '#123', otherPortals: [] }

it('reports no fault of the example portal', async () => {
  const { id, port, url, issuer, check } = await registered('--backchannel-logout-uri', 'PORTAL/backchannel-logout')
  const portal = await startPortal({
    ...look,
    issuer,
    clientId: id,
    clientSecret: 'any',
    url: `http://localhost:${port}`,
    port,
  })
  onTestFinished(() => portal.close())
  const { code, out, err } = await check('--url', `${url}/login`)
  expect(err).toBe('')
  expect(code).toBe(0)
  const { right, checks } = JSON.parse(out) as { right: boolean; checks: Check[] }
  expect(right).toBe(true)
  expect(checks.filter(({ was, must }) => was !== must)).toEqual([])
  expect(checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining([denial, ...faults, ...logoutFaults].map(({ name }) => name)),
  )
})

it('reports each fault that a careless portal accepts', async () => {
  const { id, port, url, issuer, check } = await registered('--backchannel-logout-uri', 'PORTAL/logout')
  const portal = await startCarelessPortal({ port, issuer, clientId: id })
  onTestFinished(() => portal.close())
  const same = await check('--url', `${url}/login`, '--page', `${url}/login`)
  expect(same.err).toContain('differs for a signed-in person')
  const { code, out, err } = await check('--url', `${url}/login`)
  expect(err).toContain('Wrong in ')
  const { checks } = JSON.parse(out) as { checks: Check[] }
  const wrong = new Set(checks.filter(({ was, must }) => was !== must).map(({ name }) => name))
  const wanted = [...faults, ...logoutFaults].filter(({ must }) => must === 'refused').map(({ name }) => name)
  const others = ['denied', 'authentication', 'fresh-values', 'other-browser', 'replayed-answer']
  expect(wrong).toEqual(new Set([...wanted, ...others]))
  expect(code).toBe(1)
})

/** The verifier that portals copy (examples/sm2-verify/node), with the keys of the metadata. */
async function verifiedBy(issuer: string, audience: string, token: string): Promise<{ sid: string }> {
  const file = new URL('../../../examples/sm2-verify/node/verify.mjs', import.meta.url).href
  const { verify } = (await import(file)) as {
    verify(token: string, keys: unknown, wanted: object): { sid: string }
  }
  const read = async (url: string): Promise<unknown> => (await fetch(url)).json()
  const metadata = (await read(`${issuer}/.well-known/openid-configuration`)) as Record<string, string>
  return verify(token, await read(metadata['gm_jwks_uri'] ?? ''), { issuer, audience })
}

it.each(['raw', 'der'])('checks a portal with SM2, signatures in %s', { timeout: 60_000 }, async (encoding) => {
  const { id, port, url, issuer, check } = await registered(
    '--backchannel-logout-uri',
    'PORTAL/logout',
    '--id-token-alg',
    'SGD_SM3_SM2',
    '--sm2-signature',
    encoding,
  )
  const portal = await startCarelessPortal({
    port,
    issuer,
    clientId: id,
    verify: (token) => verifiedBy(issuer, id, token),
  })
  onTestFinished(() => portal.close())
  const { out, err } = await check('--url', `${url}/login`)
  expect(err).toContain('Wrong in ')
  const { checks } = JSON.parse(out) as { checks: Check[] }
  const was = Object.fromEntries(checks.map(({ name, was: answer }) => [name, answer]))
  const refused = ['signature', 'alg-none', 'alg-shared', 'issuer', 'audience', 'expired']
  const ofLogout = ['logout-signature', 'logout-alg-none', 'logout-issuer', 'logout-audience']
  for (const name of [...refused, ...ofLogout]) expect(was[name], name).toBe('refused')
  // both keys of the set sign, and what the verifier does not look at is found
  expect(was).toMatchObject({ 'key-rotation': 'accepted', 'nonce-wrong': 'accepted', 'state-wrong': 'accepted' })
})

it.for([
  ['or-nonce', 'accepted'],
  ['required', 'refused'],
] as const)('judges a request without PKCE by its registration: %s is %s', async ([pkce, was]) => {
  const { id, port, url, issuer, check } = await registered('--pkce', pkce)
  const portal = await startCarelessPortal({ port, issuer, clientId: id, pkce: false })
  onTestFinished(() => portal.close())
  const { out } = await check('--url', `${url}/login`)
  const { checks } = JSON.parse(out) as { checks: Check[] }
  expect(checks.find(({ name }) => name === 'request')).toMatchObject({ must: 'accepted', was })
})

it('reports why a portal cannot be checked', async () => {
  const { url, check, yideng } = await registered()
  const away = await check('--wait', '0')
  expect({ code: away.code, away: away.err.includes(`${url}/ does not answer`) }).toEqual({ code: 1, away: true })
  expect((await check('--url', 'ftp://x')).code).toBe(2)
  expect((await yideng('client', 'check', 'nobody')).code).toBe(3)
})
