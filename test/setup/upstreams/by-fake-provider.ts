import { upstreamsFile } from './open.ts'
import { residentId } from '../people.ts'
import { registerPortal } from '../portal.ts'
import { startServer } from '../server.ts'
import { Visitor } from '../visitor.ts'
import { startFakeProvider } from './fake-provider.ts'

/** A server whose upstream `city` is a provider that may misbehave, and people who come from there. */
export async function startByFakeProvider(settings: Record<string, string> = {}) {
  const provider = await startFakeProvider()
  const { secret: _secret, publicKey: _key, ...row } = provider.row()
  const rows = [{ ...row, clientSecretFile: 'secret' }]
  const file = upstreamsFile(rows, { secret: provider.secret })
  const server = await startServer({
    YIDENG_UPSTREAMS: file,
    YIDENG_ADDRESS_TRIES: '100000',
    YIDENG_ADDRESS_REGISTRATIONS: '100000',
    ...settings,
  })
  const services = await server.services()
  const home = 'https://portal.example.gov.cn/'
  const portal = await registerPortal(services, { consent: 'implicit', post_logout_redirect_uris: [home] })
  const known = new Map<string, object>()

  /** Signs a subject in at the portal; the first time by the page of a newcomer. */
  async function enter(sub: string, sid?: string, visitor = new Visitor(server.issuer)) {
    const claims = known.get(sub) ?? {
      name: '陈大文',
      id_type: 'resident_id',
      id_number: residentId(`44030019710307${String(known.size + 1).padStart(3, '0')}`),
    }
    provider.behave({ claims: { sub, sid }, userinfo: { sub, ...claims } })
    const begun = await portal.begin({ prompt: 'login' })
    const { leads } = await visitor.submit(await visitor.get(begun.url), '/upstream/city/start', {})
    const back = new URL(`${server.issuer}/upstream/city/callback`)
    back.search = new URLSearchParams(provider.signIn(leads?.href ?? '')).toString()
    const come = await visitor.get(back)
    const page = known.has(sub)
      ? come
      : await visitor.submit(come, '/upstream/new', { consent: 'yes', decision: 'open' })
    known.set(sub, claims)
    const tokens = await begun.finish(page)
    return { visitor, tokens }
  }

  /** Whether the browser still has its session. */
  const isIn = async ({ visitor }: { visitor: Visitor }) =>
    (await visitor.get((await portal.begin({ prompt: 'none' })).url)).leads?.searchParams.has('code') === true

  /** The upstream's server posts a logout token. */
  const logOut = async (token: string, type = 'application/x-www-form-urlencoded') =>
    fetch(`${server.issuer}/upstream/city/backchannel-logout`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: new URLSearchParams({ logout_token: token }).toString(),
    })

  return { provider, rows, file, server, services, portal, home, enter, isIn, logOut }
}

export type ByFakeProvider = Awaited<ReturnType<typeof startByFakeProvider>>
