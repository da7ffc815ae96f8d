import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { mandate, openOrganisation } from '../../../setup/organisation.ts'
import { addPasskey, askOptions, sendResponse, type RequestOptions } from '../../../setup/passkey.ts'
import { openPerson } from '../../../setup/person.ts'
import { registerPortal } from '../../../setup/portal.ts'
import {
  approve,
  computerAndPhone,
  digitsOf,
  letIn,
  scan,
  signedInPhone,
  signOnPhone,
  WaitingComputer,
} from '../../../setup/qr.ts'
import { type RunningServer, usualServer } from '../../../setup/server.ts'
import { SoftwareAuthenticator } from '../../../setup/software-authenticator.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services
const near = { 'x-forwarded-for': '203.0.113.1' }

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

/** A computer that waits, and the phone of a person with a passkey. */
async function withPasskey() {
  const met = await computerAndPhone(services)
  const authenticator = new SoftwareAuthenticator(server.issuer)
  await addPasskey(met.phone, authenticator)
  return { ...met, authenticator }
}

async function audited(event: string, personId: string) {
  const rows = await services.database
    .selectFrom('audit_events')
    .select('details')
    .where('event', '=', event)
    .where('person_id', '=', personId)
    .orderBy('sequence')
    .execute()
  return rows.map(({ details }) => JSON.parse(details) as Record<string, unknown>)
}

const send = (phone: Visitor, page: Page, response: unknown) => sendResponse(phone, page, '/sign', response)

describe('a person with a passkey', () => {
  it('approves by signing what the phone shows; the digest of the proof is audited', async () => {
    const { person, begun, computer, phone, authenticator } = await withPasskey()
    const asked = await scan(phone, await computer.start())
    expect(asked.html).not.toContain('value="approve"')
    // what a page without the signature would post changes nothing
    expect((await approve(phone, asked)).html).toContain('data-passkey="sign"')
    expect(await computer.look()).toMatchObject({ state: 'scanned' })

    expect((await signOnPhone(phone, asked, authenticator)).html).toContain('已同意，请看电脑')
    expect((await begun.finish(await computer.redeem())).claims()).toMatchObject({ amr: ['qr'] })
    expect(await audited('qr.approved', person.id)).toEqual([
      { code: false, level: 3, signature: expect.stringMatching(/^[\w-]{43}$/) as string },
    ])
  })

  it('refuses without one', async () => {
    const { computer, phone } = await withPasskey()
    const asked = await scan(phone, await computer.start())
    await phone.submit(asked, asked.url.pathname, { decision: 'refuse' })
    expect(await computer.look()).toMatchObject({ state: 'declined' })
  })

  it('a person with passkeys switched off signs in again: switching off is no way around', async () => {
    const { person, computer, phone } = await withPasskey()
    await services.methodLocks.lock(person.id, 'passkey', 'switched-off', { actor: 'person' })
    // the session began in the second before the scan
    await server.forward(1000)
    const asked = await scan(phone, await computer.start())
    expect((await approve(phone, asked)).url.pathname).toMatch(/^\/login\//)
    // switched on in between: the new sign-in does not replace the signature
    await services.methodLocks.unlock(person.id, 'passkey', { actor: 'person' })
    const elsewhere = await signedInPhone(server.issuer, person, near)
    phone.cookies = [...phone.cookies.filter(({ name }) => name === 'yideng_qr'), ...elsewhere.cookies]
    expect((await phone.get(asked.url)).html).toContain('data-passkey="sign"')
    expect(await computer.look()).toMatchObject({ state: 'scanned' })
  })
})

describe('attacks on the signature', () => {
  it('made for another login, used twice, by another person, without verification, for another address', async () => {
    const { person, portal, computer, phone, authenticator } = await withPasskey()
    const other = await withPasskey()
    const asked = await scan(phone, await computer.start())
    const second = await WaitingComputer.at((await portal.begin()).url, server.issuer, near)
    const askedNext = await scan(phone, await second.start())

    // both are of this person, of this phone, of the same portal
    const forFirst = authenticator.get(await askOptions<RequestOptions>(phone, asked))
    expect((await send(phone, askedNext, forFirst)).status).toBe(400)
    // taken: it is good for nothing any more, not even where it was made for
    expect((await send(phone, asked, forFirst)).html).toContain('没有确认成功')
    expect((await signOnPhone(phone, asked, other.authenticator)).status).toBe(400)
    expect((await signOnPhone(phone, asked, authenticator, { userVerified: false })).status).toBe(400)
    expect((await signOnPhone(phone, asked, authenticator, { origin: 'https://yideng.example' })).status).toBe(400)
    for (const response of ['', '{}', '[']) expect((await send(phone, asked, response)).status).toBe(400)
    expect((await audited('signature.refused', person.id)).map(({ fault }) => fault)).toEqual([
      'invalid',
      'challenge_gone',
      'other_person',
      'invalid',
      'invalid',
      'malformed',
      'malformed',
      'malformed',
    ])
    expect(await computer.look()).toMatchObject({ state: 'scanned' })
    expect(await second.look()).toMatchObject({ state: 'scanned' })

    const signed = authenticator.get(await askOptions<RequestOptions>(phone, asked))
    const answers = await Promise.all([1, 2, 3].map(() => send(phone, asked, signed)))
    expect(answers.some(({ html }) => html.includes('已同意'))).toBe(true)
    expect(await audited('qr.approved', person.id)).toHaveLength(1)
    expect((await send(phone, askedNext, signed)).status).toBe(400)
    expect(await second.look()).toMatchObject({ state: 'scanned' })
  })

  it('over what the page no longer shows: the phone has gone to another network', async () => {
    const { computer, phone, authenticator } = await withPasskey()
    const asked = await scan(phone, await computer.start())
    const signed = authenticator.get(await askOptions<RequestOptions>(phone, asked))
    const moved = new Visitor(server.issuer, { 'x-forwarded-for': '198.51.100.9' })
    moved.cookies = phone.cookies
    const again = await send(moved, asked, signed)
    expect(again.status).toBe(400)
    expect(again.html).toContain('不在同一个网络')
    expect(await computer.look()).toMatchObject({ state: 'scanned' })
  })

  it('from another browser of the same person, and without the token of its page', async () => {
    const { person, computer, phone, authenticator } = await withPasskey()
    const asked = await scan(phone, await computer.start())
    const signed = authenticator.get(await askOptions<RequestOptions>(phone, asked))
    const other = await signedInPhone(server.issuer, person)
    const csrf = /name="csrf" value="([^"]+)"/.exec((await other.get('/account/organisations')).html)?.[1] ?? ''
    const response = JSON.stringify(signed)
    for (const step of ['options', 'sign']) {
      expect((await other.post(`${asked.url.pathname}/${step}`, { csrf, response })).status, step).toBe(400)
      expect((await phone.post(`${asked.url.pathname}/${step}`, { response })).status, step).toBe(403)
    }
    expect(await computer.look()).toMatchObject({ state: 'scanned' })
  })
})

describe('a portal that asks for whom', () => {
  it('is entered by the digits of the phone, then the computer asks for whom', async () => {
    const organisation = await openOrganisation(services)
    const handler = await openPerson(services, { name: '周小桐' })
    await mandate(services, organisation.id, organisation.representative, handler)
    const portal = await registerPortal(services, { scope: 'openid representee', consent: 'implicit', min_level: 3 })
    const begun = await portal.begin()
    const computer = await WaitingComputer.at(begun.url, server.issuer, near)
    const phone = await signedInPhone(server.issuer, handler, near)
    const asked = await scan(phone, await computer.start())
    expect(asked.html).toContain('要代表企业或单位办事')
    const told = await approve(phone, asked)
    const code = digitsOf(told)
    expect(code).toMatch(/^\d{4}$/)
    expect((await computer.redeem()).html).not.toContain(organisation.name)
    expect(await computer.post('code', { code })).toMatchObject({ right: true, state: 'approved' })
    const question = await computer.redeem()
    expect(question.html).toContain(organisation.name)
    const entered = await computer.visitor.submit(question, '/representee', { representee: organisation.id })
    expect((await begun.finish(entered)).claims()).toMatchObject({
      amr: ['qr'],
      representee: { status: 'acting', sub: organisation.id },
    })
  })
})

describe('a session that a QR code began', () => {
  it('makes no recovery codes, changes no password, gives and takes no mandates', async () => {
    const organisation = await openOrganisation(services)
    const { representative } = organisation
    const phone = await signedInPhone(server.issuer, representative)
    const computer = await WaitingComputer.at(new URL('/account', server.issuer), server.issuer)
    await letIn(phone, await scan(phone, await computer.start()), computer)
    await computer.redeem()
    const { visitor } = computer
    const csrf = /name="csrf" value="([^"]+)"/.exec((await visitor.get('/account/organisations')).html)?.[1] ?? ''
    for (const path of [
      '/account/recovery',
      '/account/password',
      `/account/organisations/${organisation.id}/invite`,
      '/account/helpers',
      '/account/mandates/sign',
    ]) {
      const answer = await visitor.post(path, { csrf, name: '周小桐', contact: '13800000000', password: 'x' })
      expect(answer.status, path).toBe(403)
      expect(answer.html, path).toContain('扫码登录')
    }
    expect(await services.authenticators.list(representative.id, 'recovery-codes')).toEqual([])
  })
})
