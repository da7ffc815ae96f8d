import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { macOf } from '../../../../src/keys/row-guard.ts'
import { addPasskey, signInByPasskey, type RequestOptions } from '../../../setup/passkey.ts'
import { signIn } from '../../../setup/person.ts'
import { registerPortal } from '../../../setup/portal.ts'
import { scan, signedInPhone, WaitingComputer } from '../../../setup/qr.ts'
import { choose, eventsOf, newPassword, personWithCodes, recoverBy } from '../../../setup/recovery.ts'
import { type RunningServer, usualServer } from '../../../setup/server.ts'
import { SoftwareAuthenticator } from '../../../setup/software-authenticator.ts'
import { Visitor } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

const dayMs = 86_400_000
const passkeysOf = (person: { id: string }) => services.authenticators.list(person.id, 'passkey')
const csrfOn = (html: string) => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''

/** A passkey that was made this long before. */
async function aged(id: string, days: number) {
  const row = await services.database
    .selectFrom('authenticators')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const older = { ...row, created_at: row.created_at - days * dayMs }
  const change = { created_at: older.created_at, mac: macOf(services.seal, 'authenticators', older) }
  await services.database.updateTable('authenticators').set(change).where('id', '=', id).execute()
}

/** An intruder with the password made a passkey; then the owner recovers the account by a code. */
async function planted(how: { days?: number; by?: 'code' | 'link' | 'counter'; bound?: boolean } = {}) {
  const { days = 0, by = 'code', bound = false } = how
  const person = await personWithCodes(services)
  const visitor = await signedInPhone(server.issuer, person)
  const thief = { visitor, authenticator: new SoftwareAuthenticator(server.issuer) }
  await addPasskey(visitor, thief.authenticator)
  const [passkey] = await passkeysOf(person)
  if (!passkey) throw new Error('no passkey was made')
  if (days > 0) await aged(passkey.id, days)
  if (bound) {
    const binding = { authenticator_id: passkey.id, person_id: person.id, bound_at: services.clock() }
    await services.database.insertInto('face_bindings').values(binding).execute()
  }
  if (by === 'code') {
    await recoverBy(services, { identifier: person.username, knowledge: person.phone, code: person.code(0) })
  } else {
    const link = await services.recovery.makeLink(
      person.id,
      { counter: by === 'counter' },
      { actor: 'administrator:test' },
    )
    const browser = new Visitor(server.issuer)
    await choose(browser, await browser.get(`/recover/${link?.token ?? ''}`))
  }
  return { person, thief, passkey }
}

async function owner(person: { username: string }) {
  const visitor = new Visitor(server.issuer)
  await signIn(visitor, await visitor.get('/account'), person.username, newPassword)
  return visitor
}

const hold = (person: { id: string }, until: number) =>
  services.database.updateTable('natural_persons').set({ held_until: until }).where('id', '=', person.id).execute()

describe('a passkey that an intruder made before a recovery', () => {
  it.each(['code', 'link'] as const)('signs nobody in after a recovery by %s, and lifts no hold', async (by) => {
    const { person, thief } = await planted({ by })
    const portal = await registerPortal(services, { consent: 'implicit', min_level: 3 })
    const visitor = new Visitor(server.issuer)
    const begun = await portal.begin()
    const refused = await signInByPasskey(visitor, await visitor.get(begun.url), thief.authenticator)
    expect(refused.status).toBe(403)
    expect(refused.html).toContain('已经暂停')
    expect(refused.html, 'a way on').toContain('name="password"')
    expect((await visitor.get('/account')).html).toContain('name="password"')
    // what the thief had before is over as well
    expect((await thief.visitor.get('/account')).html).toContain('name="password"')
    const faults = (await eventsOf(services, person.id)).filter(({ event }) => event === 'login.refused')
    expect(faults.at(-1)?.details).toMatchObject({ code: 'passkey_held', fault: 'held' })
    const told = (await services.inbox.list(person.id, 9)).map(({ kind }) => kind)
    expect(told).toContain('authenticator-held')
  })

  it('signs nothing: no approval of a sign-in by QR code', async () => {
    const { person, thief } = await planted()
    const phone = await owner(person)
    const computer = await WaitingComputer.at(new URL('/account', server.issuer), server.issuer)
    const asked = await scan(phone, await computer.start())
    const csrf = csrfOn(asked.html)
    const answer = await phone.post(`${asked.url.pathname}/options`, { csrf }, { accept: 'application/json' })
    const options = JSON.parse(answer.html) as RequestOptions & { allowCredentials: unknown[] }
    expect(options.allowCredentials).toEqual([])
    const response = JSON.stringify(thief.authenticator.get(options))
    const signed = await phone.post(`${asked.url.pathname}/sign`, { csrf, response })
    expect(signed.status).toBe(400)
    const refused = (await eventsOf(services, person.id)).filter(({ event }) => event === 'signature.refused')
    expect(refused.map(({ details }) => details)).toEqual([{ fault: 'held' }])
  })

  it.each([
    ['older', { days: 31 }],
    ['bound by a verified face', { bound: true }],
    ['there when a clerk saw the document', { by: 'counter' as const }],
  ])('is not held when it is %s', async (_what, how) => {
    const { person, thief } = await planted(how)
    expect((await passkeysOf(person)).map(({ heldAt }) => heldAt)).toEqual([null])
    const visitor = new Visitor(server.issuer)
    const page = await signInByPasskey(visitor, await visitor.get('/account'), thief.authenticator)
    expect(page.url.pathname).toBe('/account')
  })

  it('is not removed while the account is held: a stranger with a code would remove the owner’s', async () => {
    for (const how of [{}, { days: 31 }]) {
      const { person, passkey } = await planted(how)
      const visitor = await owner(person)
      const path = `/account/passkey/${passkey.id}`
      const page = await visitor.get(path)
      expect(page.status).toBe(200)
      expect(page.html).not.toContain(`${path}/remove`)
      expect(page.html).toContain('才能删除')
      for (const answer of [
        await visitor.get(`${path}/remove`),
        await visitor.post(`${path}/remove`, { csrf: csrfOn((await visitor.get('/account/organisations')).html) }),
      ]) {
        expect(answer.status).toBe(403)
        expect(answer.html).toContain('不久前找回过')
      }
      expect(await passkeysOf(person)).toHaveLength(1)
      // what showed the person lifts it: the time, here; a face and a passkey below
      await hold(person, services.clock() - 1)
      expect((await visitor.lose(await visitor.get(path), '/remove')).url.search).toBe('?done=removed')
      expect(await passkeysOf(person)).toEqual([])
    }
  })

  it('is removed during the hold by a passkey of before, or by a face since then', async () => {
    const { person, thief, passkey } = await planted({ days: 31 })
    const visitor = new Visitor(server.issuer)
    await signInByPasskey(visitor, await visitor.get('/account'), thief.authenticator)
    const removed = await visitor.lose(await visitor.get(`/account/passkey/${passkey.id}`), '/remove')
    expect(removed.url.search).toBe('?done=removed')
    expect(await passkeysOf(person)).toEqual([])

    const other = await planted()
    const seen = { face_proofed_at: services.clock() + 1 }
    await services.database.updateTable('natural_persons').set(seen).where('id', '=', other.person.id).execute()
    const theirs = await owner(other.person)
    const page = await theirs.get(`/account/passkey/${other.passkey.id}`)
    expect((await theirs.lose(page, '/remove')).url.search).toBe('?done=removed')
  })

  it('is taken into use again by its owner only: after the hold, or at once with a verified face', async () => {
    const { person, thief, passkey } = await planted()
    const visitor = await owner(person)
    const path = `/account/passkey/${passkey.id}`
    const page = await visitor.get(path)
    expect(page.html).toContain('/account/face')
    expect(page.html).not.toContain(`${path}/mine`)
    const csrf = csrfOn((await visitor.get('/account/organisations')).html)
    expect((await visitor.post(`${path}/mine`, { csrf })).status).toBe(403)
    expect((await passkeysOf(person))[0]?.heldAt).not.toBeNull()
    // an earlier face does not count: an intruder may have shown it
    const face = (at: number) =>
      services.database
        .updateTable('natural_persons')
        .set({ face_proofed_at: at })
        .where('id', '=', person.id)
        .execute()
    await face((passkey.createdAt ?? 0) - 1)
    expect((await visitor.post(`${path}/mine`, { csrf })).status).toBe(403)
    await face(services.clock() + 1)
    expect((await visitor.post(`${path}/mine`, { csrf })).url.pathname).toBe('/account/passkey')
    expect((await passkeysOf(person))[0]?.heldAt).toBeNull()
    const again = new Visitor(server.issuer)
    const inside = await signInByPasskey(again, await again.get('/account'), thief.authenticator)
    expect(inside.url.pathname).toBe('/account')
    const events = (await eventsOf(services, person.id)).map(({ event }) => event)
    expect(events).toContain('authenticator.released')

    const later = await planted()
    await hold(later.person, services.clock() - 1)
    const theirs = await owner(later.person)
    const one = await theirs.get(`/account/passkey/${later.passkey.id}`)
    expect((await theirs.submit(one, '/mine', {})).url.search).toBe('?done=released')
  })

  it('is no way in while it is held: the password is not switched off beside it', async () => {
    const { person } = await planted()
    await hold(person, services.clock() - 1)
    const visitor = await owner(person)
    const kept = await visitor.lose(await visitor.get('/account/ways'), '/password/off')
    expect(kept.status).toBe(400)
    expect(kept.html).toContain('最后一种')
    expect(kept.html).toContain('1 个通行密钥已经暂停')
  })
})
