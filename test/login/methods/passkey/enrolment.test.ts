import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { addPasskey, askOptions, sendResponse, signInByPasskey, type CreationOptions } from '../../../setup/passkey.ts'
import { openPerson, signIn } from '../../../setup/person.ts'
import { scan, signedInPhone, signOnPhone, WaitingComputer } from '../../../setup/qr.ts'
import { type RunningServer, usualServer } from '../../../setup/server.ts'
import { SoftwareAuthenticator, type Deviation } from '../../../setup/software-authenticator.ts'
import { Visitor } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

async function signedIn() {
  const person = await openPerson(services)
  const visitor = await signedInPhone(server.issuer, person)
  return { person, visitor, authenticator: new SoftwareAuthenticator(server.issuer) }
}

const passkeysOf = (person: { id: string }) => services.authenticators.list(person.id, 'passkey')

async function audited(event: string, person: { id: string }) {
  const rows = await services.database
    .selectFrom('audit_events')
    .select('details')
    .where('event', '=', event)
    .where('person_id', '=', person.id)
    .execute()
  return rows.map(({ details }) => JSON.parse(details) as Record<string, unknown>)
}

/** A person whose account has no password any more: only passkeys are left. */
const forgetPassword = (person: { id: string }) =>
  services.database
    .deleteFrom('authenticators')
    .where('person_id', '=', person.id)
    .where('kind', '=', 'password')
    .execute()

describe('passkeys in the account centre', () => {
  it('are made by options that name no person and request every protection', async () => {
    const { person, visitor, authenticator } = await signedIn()
    await addPasskey(visitor, authenticator)
    const options = await askOptions<CreationOptions>(visitor, await visitor.get('/account/passkey/add'))
    expect(options).toMatchObject({
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      rp: { id: 'localhost' },
      user: { name: person.username, displayName: '陈**' },
      excludeCredentials: [{ id: authenticator.credentials[0]?.id, transports: ['hybrid', 'internal'] }],
    })
    expect(options).not.toHaveProperty('authenticatorSelection.authenticatorAttachment')
    expect(JSON.stringify(options)).not.toContain('大文')
    expect(Buffer.from(options.user.id, 'base64url')).toHaveLength(32)
    expect(options.user.id).not.toContain(person.id)
  })

  it('are listed with what keeps them, named, and removed; each is audited and told', async () => {
    const { person, visitor, authenticator } = await signedIn()
    await addPasskey(visitor, authenticator)
    const second = new SoftwareAuthenticator(server.issuer, { synced: true })
    expect((await addPasskey(visitor, second)).html).toContain('苹果钥匙串')
    const [first, other] = await passkeysOf(person)
    const path = `/account/passkey/${first?.id ?? ''}`
    const renamed = await visitor.submit(await visitor.get(path), '/name', { name: '  办公室 <b>电脑  ' })
    expect(renamed.html).toContain('办公室 &lt;b&gt;电脑')
    expect((await passkeysOf(person)).find(({ id }) => id === first?.id)?.data).not.toContain('办公室')
    const removed = await visitor.lose(await visitor.get(path), '/remove')
    expect(removed.url.search).toBe('?done=removed')
    expect((await passkeysOf(person)).map(({ id }) => id)).toEqual([other?.id])
    for (const [event, times] of [
      ['authenticator.added', 2],
      ['authenticator.renamed', 1],
      ['authenticator.removed', 1],
    ] as const) {
      expect(await audited(event, person), event).toHaveLength(times)
    }
    const told = (await services.inbox.list(person.id, 9)).map(({ kind }) => kind)
    expect(told.toSorted()).toEqual(['authenticator-added', 'authenticator-added', 'authenticator-removed'])
    const gone = new Visitor(server.issuer)
    expect((await signInByPasskey(gone, await gone.get('/account'), authenticator)).status).toBe(400)
  })

  it('never lose the last way in, not even by two removals at once', async () => {
    const { person, visitor, authenticator } = await signedIn()
    await addPasskey(visitor, authenticator)
    await addPasskey(visitor, new SoftwareAuthenticator(server.issuer))
    await forgetPassword(person)
    const pages = await Promise.all((await passkeysOf(person)).map(({ id }) => visitor.get(`/account/passkey/${id}`)))
    const answers = await Promise.all(pages.map((page) => visitor.lose(page, '/remove')))
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 409])
    const [left, ...more] = await passkeysOf(person)
    expect(more).toEqual([])
    const page = await visitor.get(`/account/passkey/${left?.id ?? ''}`)
    expect(page.html).toContain('唯一的登录方式')
    expect(page.html).not.toContain('/remove"')
  })

  it('may go where passkeys are switched off, and the password is the way in', async () => {
    const { person, visitor, authenticator } = await signedIn()
    await addPasskey(visitor, authenticator)
    const [passkey] = await passkeysOf(person)
    await services.methodLocks.lock(person.id, 'passkey', 'switched-off', { actor: 'person' })
    const page = await visitor.get(`/account/passkey/${passkey?.id ?? ''}`)
    expect(page.html).not.toContain('唯一的登录方式')
    await visitor.lose(page, '/remove')
    expect(await passkeysOf(person)).toEqual([])
  })

  it('change only after a fresh sign-in, not by QR code, and not while the account is held', async () => {
    const { person, visitor, authenticator } = await signedIn()
    await addPasskey(visitor, authenticator)
    const [passkey] = await passkeysOf(person)
    const paths = ['/account/passkey/add', `/account/passkey/${passkey?.id ?? ''}`]

    const computer = await WaitingComputer.at(new URL('/account', server.issuer), server.issuer)
    await signOnPhone(visitor, await scan(visitor, await computer.start()), authenticator)
    await computer.redeem()
    for (const path of paths) expect((await computer.visitor.get(path)).html, path).toContain('扫码登录的')

    const hold = (until: number) =>
      services.database.updateTable('natural_persons').set({ held_until: until }).where('id', '=', person.id).execute()
    await hold(Date.now() + 60_000)
    const unvouched = new Visitor(server.issuer)
    await signIn(unvouched, await unvouched.get('/account'), person.username)
    const [add = '', one = ''] = paths
    expect((await unvouched.get(add)).status).toBe(403)
    const page = await unvouched.get(one)
    expect(page.html, 'a stranger with a recovery code removes none').not.toContain(`${one}/remove`)
    expect(page.html).not.toContain(`${one}/name`)
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
    expect((await unvouched.post(`${one}/name`, { csrf, name: 'x' })).status).toBe(403)
    const vouched = new Visitor(server.issuer)
    await signInByPasskey(vouched, await vouched.get('/account'), authenticator)
    for (const path of paths) expect((await vouched.get(path)).status, path).toBe(200)
  })

  it('belong to one person: others do not find their addresses or use their credential ids', async () => {
    const { person, visitor, authenticator } = await signedIn()
    await addPasskey(visitor, authenticator)
    const [passkey] = await passkeysOf(person)
    const other = await signedIn()
    expect((await other.visitor.get(`/account/passkey/${passkey?.id ?? ''}`)).status).toBe(404)
    const mine = await other.visitor.get('/account/passkey/add')
    const csrf = /name="csrf" value="([^"]+)"/.exec(mine.html)?.[1] ?? ''
    for (const step of ['name', 'remove']) {
      const answer = await other.visitor.post(`/account/passkey/${passkey?.id ?? ''}/${step}`, { csrf, name: 'x' })
      expect(answer.status, step).toBe(404)
    }
    const credentialId = authenticator.credentials[0]?.id ?? ''
    expect((await addPasskey(other.visitor, other.authenticator, { credentialId })).status).toBe(400)
    expect(await audited('authenticator.refused', other.person)).toEqual([
      { kind: 'passkey', fault: 'known_credential' },
    ])
    expect(await passkeysOf(person)).toHaveLength(1)
  })

  it('are not kept when anything about their making is wrong', async () => {
    const { person, visitor, authenticator } = await signedIn()
    const wrong: [string, Deviation][] = [
      ['another origin', { origin: 'https://yideng.example' }],
      ['another relying party', { rpId: 'yideng.example' }],
      ['nobody verified', { userVerified: false }],
      ['nobody there', { userPresent: false }],
      ['another ceremony', { type: 'webauthn.get' }],
      ['another challenge', { challenge: 'AAAA' }],
      ['in a frame of another page', { crossOrigin: true }],
    ]
    for (const [what, deviation] of wrong) {
      const answer = await addPasskey(visitor, authenticator, deviation)
      expect(answer.status, what).toBe(400)
      expect((await audited('authenticator.refused', person)).at(-1), what).toEqual({
        kind: 'passkey',
        fault: 'invalid',
      })
    }
    const page = await visitor.get('/account/passkey/add')
    for (const response of ['', '{}', 'null', '[']) {
      expect((await visitor.submit(page, '/passkey/add', { response })).status).toBe(400)
    }
    const made = authenticator.create(await askOptions<CreationOptions>(visitor, page))
    // another session of the same person cannot finish what this one began
    const elsewhere = await signedInPhone(server.issuer, person)
    const there = await elsewhere.get('/account/passkey/add')
    expect((await sendResponse(elsewhere, there, '/passkey/add', made)).status).toBe(400)
    expect(await passkeysOf(person)).toEqual([])
    expect((await sendResponse(visitor, page, '/passkey/add', made)).url.search).toBe('?done=added')
    // the same form leads where the first one went, and adds nothing
    expect((await sendResponse(visitor, page, '/passkey/add', made)).status).toBe(200)
    expect(await passkeysOf(person)).toHaveLength(1)
    expect((await audited('authenticator.refused', person)).at(-1)).toMatchObject({ fault: 'challenge_gone' })
    expect(await passkeysOf(person)).toHaveLength(1)
  })
})
