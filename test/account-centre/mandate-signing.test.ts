import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { verifySignature, readSignature } from '../../src/login/methods/passkey/passkey-signature.ts'
import { end, inviteHandler, mandate, openOrganisation } from '../setup/organisation.ts'
import { addPasskey, askOptions, sendResponse, type RequestOptions } from '../setup/passkey.ts'
import { openPerson } from '../setup/person.ts'
import { signedInPhone } from '../setup/qr.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { SoftwareAuthenticator, type Deviation } from '../setup/software-authenticator.ts'
import type { Page, Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

/** Whether `signature` is valid for this text; false for a malformed one. */
async function verifyProof(text: string, stored: string): Promise<boolean> {
  const proof = readSignature(stored)
  return proof !== undefined && verifySignature(text, proof)
}

type Person = Awaited<ReturnType<typeof openPerson>>

async function withPasskey(person: Person) {
  const visitor = await signedInPhone(server.issuer, person)
  const authenticator = new SoftwareAuthenticator(server.issuer)
  await addPasskey(visitor, authenticator)
  return { visitor, authenticator }
}

async function sign(visitor: Visitor, page: Page, authenticator: SoftwareAuthenticator, deviation: Deviation = {}) {
  const options = await askOptions<RequestOptions>(visitor, page)
  return sendResponse(visitor, page, '/mandates/sign', authenticator.get(options, deviation))
}

const history = (principalId: string) =>
  services.database
    .selectFrom('mandate_history')
    .select(['event', 'text', 'signature'])
    .where('principal_id', '=', principalId)
    .where('event', 'in', ['offer', 'accept', 'confirm'])
    .orderBy('at')
    .execute()

const faultsOf = async (person: Person) =>
  (
    await services.database
      .selectFrom('audit_events')
      .select('details')
      .where('event', '=', 'signature.refused')
      .where('person_id', '=', person.id)
      .execute()
  ).map(({ details }) => (JSON.parse(details) as { fault: string }).fault)

describe('mandates of people with a passkey', () => {
  it('are given and accepted by signatures that can be verified later, without the server and without the passkey', async () => {
    const organisation = await openOrganisation(services)
    const { visitor, authenticator } = await withPasskey(organisation.representative)
    const handler = await openPerson(services, { name: '周小桐' })
    const asked = await inviteHandler(visitor, organisation.id, handler)
    expect(asked.html).toContain('yideng mandate 1')
    expect(await history(organisation.id)).toEqual([])
    const given = await sign(visitor, asked, authenticator)
    expect(given.html).toContain('周小桐')

    const holder = await withPasskey(handler)
    const accepting = await holder.visitor.submit(await holder.visitor.get('/account/invitations'), '/accept', {})
    expect(accepting.html).toContain(organisation.name)
    const accepted = await sign(holder.visitor, accepting, holder.authenticator, { userHandle: null })
    expect(accepted.url.pathname).toBe(`/account/organisations/${organisation.id}`)

    await services.database.deleteFrom('authenticators').where('kind', '=', 'passkey').execute()
    const entries = await history(organisation.id)
    expect(entries.map(({ event }) => event)).toEqual(['offer', 'accept'])
    for (const { text, signature } of entries) {
      expect(await verifyProof(text ?? '', signature ?? '')).toBe(true)
      expect(await verifyProof(`${text ?? ''} `, signature ?? '')).toBe(false)
      const nonce = { ...(JSON.parse(signature ?? '') as object), nonce: 'AAAA' }
      expect(await verifyProof(text ?? '', JSON.stringify(nonce))).toBe(false)
    }
    const swapped = await verifyProof(entries[0]?.text ?? '', entries[1]?.signature ?? '')
    expect(swapped).toBe(false)
  })

  it('are not given by a signature of another person, an old one, an unverified one, or one of another text', async () => {
    const organisation = await openOrganisation(services)
    const { representative } = organisation
    const { visitor, authenticator } = await withPasskey(representative)
    const handler = await openPerson(services, { name: '周小桐' })
    const other = await withPasskey(await openPerson(services))
    const asked = await inviteHandler(visitor, organisation.id, handler)

    expect((await sign(visitor, asked, other.authenticator)).status).toBe(400)
    expect((await sign(visitor, asked, authenticator, { userVerified: false })).status).toBe(400)
    expect((await sign(visitor, asked, authenticator, { origin: 'https://yideng.example' })).status).toBe(400)
    const first = authenticator.get(await askOptions<RequestOptions>(visitor, asked))
    const again = await inviteHandler(visitor, organisation.id, handler)
    expect((await sendResponse(visitor, again, '/mandates/sign', first)).status).toBe(400)
    expect((await sendResponse(visitor, again, '/mandates/sign', first)).status).toBe(400)
    expect(await faultsOf(representative)).toEqual(['other_person', 'invalid', 'invalid', 'invalid', 'challenge_gone'])
    expect(await history(organisation.id)).toEqual([])

    const signed = authenticator.get(await askOptions<RequestOptions>(visitor, again))
    const answers = await Promise.all([1, 2, 3].map(() => sendResponse(visitor, again, '/mandates/sign', signed)))
    // the same form goes where its first copy went
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(new Set(answers.map(({ url }) => url.href)).size).toBe(1)
    expect(await history(organisation.id)).toHaveLength(1)
  })

  it('are not given where the signed facts have changed', async () => {
    const organisation = await openOrganisation(services)
    const { representative } = organisation
    const manager = await openPerson(services, { name: '黄经理' })
    const appoint = () =>
      mandate(services, organisation.id, representative, manager, { role: 'manager', matters: ['*'], days: 300 })
    const held = await appoint()
    const { visitor, authenticator } = await withPasskey(manager)
    const asked = await inviteHandler(visitor, organisation.id, await openPerson(services, { name: '周小桐' }))
    await end(services, held.id, representative)
    expect((await sign(visitor, asked, authenticator)).status).toBe(404)

    // a new appointment permits it again, but the pending text is of the mandate before
    const next = await appoint()
    const seen = await inviteHandler(visitor, organisation.id, await openPerson(services, { name: '周小桐' }))
    await end(services, next.id, representative)
    await appoint()
    expect((await sign(visitor, seen, authenticator)).status).toBe(503)
    const offered = (await history(organisation.id)).filter(({ event, signature }) => event === 'offer' && signature)
    expect(offered).toEqual([])
  })

  it('refuse the signing page where no act is pending', async () => {
    const { visitor } = await withPasskey(await openPerson(services))
    const page = await visitor.get('/account/passkey/add')
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
    for (const path of ['/account/mandates/sign', '/account/mandates/sign/options']) {
      expect((await visitor.post(path, { csrf, response: '{}' })).status, path).toBe(400)
    }
  })
})
