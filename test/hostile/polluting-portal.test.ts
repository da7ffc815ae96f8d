import { expect, it } from 'vitest'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'
import { sealedAsGenuine } from '../setup/sealed.ts'

/** Older rows may have such ids; the rules refuse new ones. */
it.each(['__proto__', 'constructor', 'toString'])(
  'a portal with the id %s does not affect other portals',
  async (id) => {
    const server = await usualServer()
    const services = await server.services()
    const [bad, good] = [await registerPortal(services, { consent: 'implicit' }), await registerPortal(services)]
    await services.database.updateTable('clients').set({ id }).where('id', '=', bad.clientId).execute()
    await sealedAsGenuine(services)
    const person = await openPerson(services)
    const visitor = new Visitor(server.issuer)
    const { url } = await bad.begin()
    url.searchParams.set('client_id', id)
    const page = await visitor.get(url)
    if (page.url.pathname.startsWith('/login/')) await signIn(visitor, page, person.username)
    // the process still serves metrics, and makes a separate grant at another portal
    expect((await visitor.get('/healthz')).status).toBe(200)
    expect((await visitor.get('/metrics')).html).toContain('yideng_sign_ins_total')
    const other = await openPerson(services)
    const stranger = new Visitor(server.issuer)
    const begun = await good.begin()
    const asked = await signIn(stranger, await stranger.get(begun.url), other.username)
    expect(asked.html).toContain('name="decision"')
    const tokens = await begun.finish(await stranger.submit(asked, '/consent', { decision: 'allow' }))
    expect(tokens.claims()?.sub).toBeTypeOf('string')
    expect((await stranger.get('/account')).status).toBe(200)
  },
)
