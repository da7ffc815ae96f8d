import { readdirSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { camera, photographedPerson, rightFrames, room, send, verify } from '../../../setup/face.ts'
import { berta, portrait, writeFrames } from '../../../setup/faces.ts'
import { addPasskey, signInByPasskey } from '../../../setup/passkey.ts'
import { find } from '../../../setup/organisation.ts'
import { signIn } from '../../../setup/person.ts'
import { registerPortal } from '../../../setup/portal.ts'
import { SoftwareAuthenticator } from '../../../setup/software-authenticator.ts'
import { startServer, type RunningServer } from '../../../setup/server.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services
let kiosk: Awaited<ReturnType<typeof registerPortal>>
let portal: Awaited<ReturnType<typeof registerPortal>>

beforeAll(async () => {
  server = await startServer()
  services = await server.services()
  kiosk = await registerPortal(services, { consent: 'implicit' })
  portal = await registerPortal(services, { consent: 'implicit' })
  await server.kill('SIGINT')
  server.environment['YIDENG_FACE_KIOSKS'] = kiosk.clientId
  server.environment['YIDENG_FACE_FAILURES'] = '1'
  await server.restart()
})

describe('at a kiosk', () => {
  it('an identifier and a face sign in at level 3; a stranger, an unknown and a blocked person get one answer', async () => {
    const [who, passing] = [await photographedPerson(services), await photographedPerson(services)]
    for (const one of [who, passing]) await services.faceConsents.give(await find(services, one), { actor: 'person' })
    const visitor = new Visitor(server.issuer)
    const begun = await kiosk.begin()
    const begin = async (identifier: string) => {
      const ready = await visitor.submit(await visitor.get(begun.url), '/face/identify', { identifier })
      return visitor.submit(ready, '/face/start', {})
    }
    const shapes: unknown[] = []
    for (const identifier of [who.username, 'nobody-here']) {
      const page = await begin(identifier)
      const answer = await send(visitor, page, writeFrames([{ step: 0, jpeg: await portrait(berta) }]))
      shapes.push({ ...answer, page: page.status })
    }
    expect(shapes[0]).toMatchObject({ outcome: 'failed', reasons: ['other_face'] })
    expect(shapes[1]).toEqual(shapes[0])
    const again = await begin(who.username)
    expect(await send(visitor, again, await rightFrames(again))).toMatchObject({ reasons: ['other_face'] })
    // failures at a kiosk do not block a person who shows more than a number
    const { visitor: home, page } = await room(server.issuer, who)
    expect((await camera(home, page)).html).toContain('data-check')

    const tokens = await begun.finish(await verify(visitor, await begin(passing.username)))
    expect(tokens.claims()).toMatchObject({ acr: 'urn:yideng:loa:3', amr: ['face'] })
    // nor does a face alone change ways in, or prove itself again into more than it was
    const csrf = /name="csrf" value="([^"]+)"/.exec((await visitor.get('/account/face')).html)?.[1] ?? ''
    for (const refused of [
      await visitor.get('/account/passkey/add'),
      await visitor.post('/account/face/start', { csrf }),
    ])
      expect([refused.status, refused.html.includes('只是刷脸登录')], refused.url.pathname).toEqual([403, true])
  })

  it('and nowhere else', async () => {
    const visitor = new Visitor(server.issuer)
    const page = await visitor.get((await portal.begin()).url)
    expect(page.html).not.toContain('/face/')
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
    const tried = await visitor.post(`${page.url.pathname}/face/identify`, { identifier: 'x', csrf })
    expect(tried.status).toBe(404)
  })
})

/** Links and forms of a page, by where they lead. */
function exits(page: Page): string[] {
  const main = /<main[\s\S]*<\/main>/.exec(page.html)?.[0] ?? ''
  return [...main.matchAll(/(?:href|action)="(\/[^"]*)"/g)].map(([, target = '']) => target)
}
const asksFace = (target: string) => /\/face(\/|$)/.test(target) && target !== '/account/face'

describe('without a face', () => {
  it('every view shows the way on, also views that the walk below does not reach', () => {
    const folder = new URL('../../../../src/login/methods/face/views/', import.meta.url)
    // the method's part of the sign-in page is beside the other methods
    for (const view of readdirSync(folder).filter((name) => name !== 'sign-in.eta')) {
      const text = readFileSync(new URL(view, folder), 'utf8')
      expect(/include\('\/parts\/no-face'|face\.without_title/.test(text), view).toBe(true)
    }
  })

  it('one gets on from every page that asks for one', async () => {
    const who = await photographedPerson(services)
    const seen: Page[] = []
    const visitor = new Visitor(server.issuer)
    const see = (page: Page) => {
      seen.push(page)
      return page
    }
    // in a sign-in that asks for level 4: the question, consent, camera, the answer of a blocked account
    const begun = await portal.begin({ acr_values: 'urn:yideng:loa:4' })
    const question = see(await signIn(visitor, await visitor.get(begun.url), who.username))
    const consent = see(await visitor.submit(question, '/face/start', {}))
    const capture = see(await visitor.submit(consent, '/face/consent', { agree: 'yes' }))
    see(await visitor.get(`${new URL(capture.url).pathname.replace(/consent$/, 'return')}?check=none`))
    // in the account centre
    const account = await visitor.get('/account/face')
    see(account)
    see(await visitor.submit(account, '/face/start', {}))
    // at a kiosk
    const stranger = new Visitor(server.issuer)
    const atKiosk = see(await stranger.get((await kiosk.begin()).url))
    const ready = see(await stranger.submit(atKiosk, '/face/identify', { identifier: who.username }))
    see(await stranger.submit(ready, '/face/start', {}))

    for (const page of seen) {
      expect(page.status, page.html).toBeLessThan(400)
      const all = exits(page)
      if (!all.some(asksFace)) continue
      const others = all.filter((target) => !asksFace(target))
      const words = /不想刷脸|不用人脸|name="password"/.test(page.html)
      expect(others.length > 0 && words, `${page.url.pathname} leads nowhere without a face`).toBe(true)
    }
    expect(seen.filter((page) => exits(page).some(asksFace)).length).toBeGreaterThan(6)

    // and the way is real: a passkey, seen at the counter, level 4 without any face
    const authenticator = new SoftwareAuthenticator(server.issuer)
    const holder = new Visitor(server.issuer)
    await signIn(holder, await holder.get('/account'), who.username)
    await addPasskey(holder, authenticator)
    const [before, after] = [
      await portal.begin({ acr_values: 'urn:yideng:loa:3' }),
      await portal.begin({ acr_values: 'urn:yideng:loa:4' }),
    ]
    const byPasskey = async (login: typeof before) => {
      const fresh = new Visitor(server.issuer)
      const page = await signInByPasskey(fresh, await fresh.get(login.url), authenticator)
      return (await login.finish(page)).claims()
    }
    expect((await byPasskey(before))?.acr).toBe('urn:yideng:loa:3')
    expect(
      await services.identityProofs.proveAtCounter(
        await find(services, who),
        { bothPresent: false },
        { actor: 'administrator:test' },
      ),
    ).toMatchObject({
      ok: true,
      bound: 1,
    })
    expect((await byPasskey(after))?.acr).toBe('urn:yideng:loa:4')
    const left = await visitor.submit(await visitor.get(question.url), '/cancel', {})
    expect(left.leads?.searchParams.get('error')).toBe('unmet_authentication_requirements')
  })
})
