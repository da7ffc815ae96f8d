import { beforeAll, describe, expect, it } from 'vitest'
import { removeOldStops } from '../../src/accounts/account-recovery/recovery-stops.ts'
import { passwordAuthenticator } from '../../src/login/methods/password/stored-password.ts'
import type { Services } from '../../src/services.ts'
import { addPasskey, signInByPasskey } from '../setup/passkey.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { signedInPhone } from '../setup/qr.ts'
import { choose, eventsOf, newPassword, personWithCodes, proveBy, recoverBy } from '../setup/recovery.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { SoftwareAuthenticator } from '../setup/software-authenticator.ts'
import { stopLink } from '../setup/stop.ts'
import { openTestServices } from '../setup/test-services.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await startServer({ YIDENG_ADDRESS_TRIES: '100000' })
  services = await server.services()
})

const here = () => new Visitor(server.issuer)
const find = async (id: string) => (await services.persons.find(id)) ?? expect.fail()
const signsIn = async (person: { username: string }, password: string, visitor = here()) =>
  (await signIn(visitor, await visitor.get('/account'), person.username, password)).url.pathname === '/account'

type Person = Awaited<ReturnType<typeof personWithCodes>>
const byCode = (person: Person, index = 0) =>
  recoverBy(services, { identifier: person.username, knowledge: person.phone, code: person.code(index) })

/** Opens the link in a browser of its own and presses the button. */
async function pressStop(path: string) {
  const visitor = here()
  return visitor.submit(await visitor.get(path), '/recover/stop', {})
}

describe('a recovery that its owner did not begin', () => {
  it('is stopped by one press: as before, and the thief is out', async () => {
    const person = await personWithCodes(services)
    await byCode(person)
    const thief = here()
    expect(await signsIn(person, newPassword, thief)).toBe(true)
    await server.forward(1050)
    const path = await stopLink(services, person.id)
    const owner = here()
    const page = await owner.get(path)
    expect(page.url.pathname, 'the token leaves the address bar').toBe('/recover/stop')
    expect(page.html).not.toContain(path.slice('/recover/stop/'.length))
    expect(await signsIn(person, newPassword), 'to look stops nothing').toBe(true)
    const done = await owner.submit(page, '/recover/stop', {})
    expect(done.url.pathname).toBe('/recover/stopped')
    expect((await thief.get('/account')).html).toContain('name="password"')
    expect(await signsIn(person, newPassword)).toBe(false)
    expect(await signsIn(person, person.password)).toBe(true)
    expect((await find(person.id)).heldUntil).toBeNull()
    expect(await eventsOf(services, person.id)).toContainEqual({
      event: 'recovery.stopped',
      actor: 'person',
      details: { by: 'code' },
    })
    const kinds = (await services.inbox.list(person.id, 10)).map(({ kind }) => kind)
    expect(kinds).toContain('recovery-stopped')
    expect((await here().get(path)).url.pathname, 'the link again').toBe('/recover/stopped')
  })

  it('does not go on with the other codes of the sheet; a clerk who sees the person recovers at once', async () => {
    const person = await personWithCodes(services)
    await byCode(person, 0)
    const begun = here()
    const fields = { identifier: person.username, knowledge: person.phone, code: person.code(1) }
    const open = await proveBy(begun, fields)
    await pressStop(await stopLink(services, person.id))
    expect((await choose(begun, open)).status, 'a page that was open').toBe(400)
    expect((await byCode(person, 2).catch(() => undefined))?.url.pathname).not.toBe('/recover/done')
    const link = await services.recovery.makeLink(person.id, { counter: false }, { actor: 'administrator:test' })
    const plain = here()
    expect((await choose(plain, await plain.get(`/recover/${link?.token}`))).status, 'a plain link').toBe(400)
    const clerk = await services.recovery.makeLink(person.id, { counter: true }, { actor: 'administrator:test' })
    const counter = here()
    const page = await counter.get(`/recover/${clerk?.token}`)
    expect((await choose(counter, page, `${newPassword}-3`)).url.pathname).toBe('/recover/done')
    expect(await signsIn(person, `${newPassword}-3`)).toBe(true)
    expect((await find(person.id)).heldUntil).toBeNull()
    expect(await services.recovery.rests(person.id), 'the clerk ended the rest').toBe(false)
  })

  it('leads back to the password before the first of several recoveries, by any of the links', async () => {
    for (const which of ['first', 'second']) {
      const person = await personWithCodes(services)
      await byCode(person, 0)
      const first = await stopLink(services, person.id)
      await byCode(person, 1)
      const second = await stopLink(services, person.id)
      expect(second).not.toBe(first)
      expect((await pressStop(which === 'first' ? first : second)).url.pathname, which).toBe('/recover/stopped')
      expect(await signsIn(person, person.password), which).toBe(true)
      expect((await pressStop(which === 'first' ? second : first).catch(() => undefined))?.url.pathname).not.toBe(
        '/recover/stopped',
      )
    }
  })

  it('releases passkeys, and switches on what the thief reported as a stranger’s', async () => {
    const person = await personWithCodes(services)
    const phone = await signedInPhone(server.issuer, person)
    const own = new SoftwareAuthenticator(server.issuer)
    await addPasskey(phone, own)
    await byCode(person)
    const [passkey] = await services.authenticators.list(person.id, 'passkey')
    expect(passkey?.heldAt).not.toBeNull()
    await services.methodLocks.lock(person.id, 'passkey', 'not-me', { actor: 'person' })
    await pressStop(await stopLink(services, person.id))
    expect((await services.authenticators.list(person.id, 'passkey'))[0]?.heldAt).toBeNull()
    expect(await services.methodLocks.locked(person.id, 'passkey')).toBe(false)
    const visitor = here()
    const page = await signInByPasskey(visitor, await visitor.get('/account'), own)
    expect(page.url.pathname).toBe('/account')
  })

  it('has its link in the notices, and not in the file of their data', async () => {
    const person = await personWithCodes(services)
    await byCode(person)
    const visitor = here()
    await signsIn(person, newPassword, visitor)
    const path = await stopLink(services, person.id)
    const page = await visitor.get('/account/notices')
    expect(page.html).toContain(`href="${path}"`)
    expect(page.html).toContain('不是我，停止找回')
    await server.forward(1050)
    await pressStop(path)
    await signsIn(person, person.password, visitor)
    const data = await visitor.submit(await visitor.get('/account/data'), '/account/data', {})
    expect(data.html).not.toContain(path.slice('/recover/stop/'.length))
  })

  it('knows no other link', async () => {
    for (const token of ['x', 'a'.repeat(22), 'a'.repeat(43), '..', '%00'.repeat(22)]) {
      const page = await here().get(`/recover/stop/${token}`)
      expect([400, 404]).toContain(page.status)
    }
    expect((await here().get('/recover/stop')).status).toBe(400)
  })
})

/** Recovers by a code, and returns the link that stops it. */
async function recovered(own: Services, personId: string, code: string, data: string) {
  const pass = (await own.recovery.checkCode(personId, code)) ?? expect.fail()
  await own.recovery.recover(pass, passwordAuthenticator(data), { actor: 'person' })
  const token = (await stopLink(own, personId)).slice('/recover/stop/'.length)
  return { token, link: (await own.recovery.checkStop(token)) ?? expect.fail() }
}

const passwordOf = async (own: Services, personId: string) =>
  (await own.authenticators.find(personId, 'password')) ?? expect.fail()

describe('a password that the owner set since, by passkey', () => {
  it.each([1, 2])('stays when they stop the last of %i recoveries', async (recoveries) => {
    const { services: own } = await openTestServices()
    const person = await openPerson(own)
    const codes = await own.recovery.makeCodes(person.id, { actor: 'person' })
    const first = await recovered(own, person.id, codes[0] ?? '', 'of the thief')
    const { data } = passwordAuthenticator('of the owner')
    expect(await own.authenticators.replaceData(await passwordOf(own, person.id), data)).toBe(true)
    const last = recoveries === 1 ? first : await recovered(own, person.id, codes[1] ?? '', 'of the thief again')
    expect(await own.recovery.stop(last.link, { actor: 'person' })).toBe(true)
    expect((await passwordOf(own, person.id)).data).toBe(data)
  })
})

describe('the end of a hold', () => {
  it('ends the link, and the former password is kept no longer', async () => {
    const { services: own, forward } = await openTestServices()
    const person = await openPerson(own)
    const [code = ''] = await own.recovery.makeCodes(person.id, { actor: 'person' })
    const { token, link } = await recovered(own, person.id, code, 'hash')
    expect(await removeOldStops({ database: own.database, clock: own.clock })).toBe(0)
    forward(86_400_000)
    expect(await own.recovery.checkStop(token)).toBeUndefined()
    expect(await own.recovery.stop(link, { actor: 'person' })).toBe(false)
    expect(await removeOldStops({ database: own.database, clock: own.clock })).toBe(1)
    expect(await own.authenticators.list(person.id, 'recovery-stop')).toHaveLength(0)
  })

  it('is the end of a rest after a week', async () => {
    const { services: own, forward } = await openTestServices()
    const person = await openPerson(own)
    const codes = await own.recovery.makeCodes(person.id, { actor: 'person' })
    const { link } = await recovered(own, person.id, codes[0] ?? '', 'hash')
    expect(await own.recovery.stop(link, { actor: 'person' })).toBe(true)
    expect(await own.recovery.checkCode(person.id, codes[1] ?? '')).toBeUndefined()
    forward(7 * 86_400_000)
    expect(await own.recovery.checkCode(person.id, codes[1] ?? '')).toBeDefined()
  })
})
