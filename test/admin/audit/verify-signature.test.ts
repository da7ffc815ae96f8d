import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Updateable } from 'kysely'
import type { Services } from '../../../src/services.ts'
import type { SignatureCheck } from '../../../src/admin/audit/signature-checks.ts'
import type { Tables } from '../../../src/storage/schema.ts'
import { commandLine } from '../../cli/in-process.ts'
import { inviteHandler, openOrganisation } from '../../setup/organisation.ts'
import { addPasskey, askOptions, sendResponse, type RequestOptions } from '../../setup/passkey.ts'
import { openPerson } from '../../setup/person.ts'
import { scan, signedInPhone, signOnPhone, WaitingComputer } from '../../setup/qr.ts'
import { type RunningServer, usualServer } from '../../setup/server.ts'
import { SoftwareAuthenticator } from '../../setup/software-authenticator.ts'
import type { Page, Visitor } from '../../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

type Person = Awaited<ReturnType<typeof openPerson>>
interface Answer {
  holds: boolean
  signatures: SignatureCheck[]
}

async function withPasskey(person: Person) {
  const visitor = await signedInPhone(server.issuer, person)
  const authenticator = new SoftwareAuthenticator(server.issuer)
  await addPasskey(visitor, authenticator)
  return { visitor, authenticator }
}

async function sign(visitor: Visitor, page: Page, authenticator: SoftwareAuthenticator) {
  const options = await askOptions<RequestOptions>(visitor, page)
  return sendResponse(visitor, page, '/mandates/sign', authenticator.get(options))
}

/** The representative of an organisation offers a mandate, and the handler accepts it: both by passkey. */
async function signedMandate() {
  const organisation = await openOrganisation(services)
  const giver = await withPasskey(organisation.representative)
  const handler = await openPerson(services, { name: '周小桐' })
  const asked = await inviteHandler(giver.visitor, organisation.id, handler)
  await sign(giver.visitor, asked, giver.authenticator)
  const holder = await withPasskey(handler)
  const accepting = await holder.visitor.submit(await holder.visitor.get('/account/invitations'), '/accept', {})
  await sign(holder.visitor, accepting, holder.authenticator)
  const rows = await services.database
    .selectFrom('mandate_history')
    .selectAll()
    .where('principal_id', '=', organisation.id)
    .where('text', 'is not', null)
    .orderBy('id')
    .execute()
  const [offer, accept] = rows
  if (!offer || !accept) throw new Error('nothing was signed')
  return { organisation, giver, handler, holder, offer, accept, id: offer.mandate_id ?? '' }
}

async function verify(id: string) {
  const line = commandLine({ environment: server.environment })
  const { code, out, err } = await line.yideng('audit', 'verify-signature', id, '--json')
  return { code, err, answer: out ? (JSON.parse(out) as Answer) : undefined }
}

const faultsOf = async (id: string) => (await verify(id)).answer?.signatures.flatMap(({ faults }) => faults) ?? []

type Mandate = Updateable<Tables['mandates']>
type History = Updateable<Tables['mandate_history']>

describe('audit verify-signature', () => {
  it('shows the text, passkey and time of a valid signature, also after the passkey is removed', async () => {
    const { id, organisation, handler, offer, accept } = await signedMandate()
    await services.authenticators.removeAll(handler.id, 'passkey')
    const { code, answer } = await verify(id)
    expect(code).toBe(0)
    expect(answer?.holds).toBe(true)
    expect(answer?.signatures).toMatchObject([
      { act: 'offer', person: organisation.representative.id, text: offer.text, version: 2, origin: server.issuer },
      { act: 'accept', person: handler.id, text: accept.text, version: 2, at: new Date(accept.at).toISOString() },
    ])
    for (const { passkey, entry } of answer?.signatures ?? []) {
      expect(passkey).toMatchObject({ kept_in: expect.any(String), entry: expect.any(Number) })
      expect(entry, 'named in the audit trail').toEqual(expect.any(Number))
    }
    const line = commandLine({ environment: server.environment })
    const shown = (await line.yideng('audit', 'verify-signature', id)).out
    expect(shown).toContain('| act: offer')
    expect(shown).toContain('It holds.')
  })

  it('fails with exit code 1 where the row or the mandate differs from the signed text', async () => {
    const one = await signedMandate()
    const other = await signedMandate()
    const mandate = await services.database
      .selectFrom('mandates')
      .selectAll()
      .where('id', '=', one.id)
      .executeTakeFirstOrThrow()
    const ofMandate: [string, Mandate][] = [
      ['principal', { principal_id: other.organisation.id }],
      ['role', { role: 'manager' }],
      ['matters', { matters: '["*"]' }],
      ['from', { not_before: mandate.not_before - 1000 }],
      ['until', { expires_at: mandate.expires_at + 86_400_000 }],
      ['given by', { granted_by: other.handler.id }],
      ['to', { person_id: other.handler.id }],
    ]
    for (const [what, values] of ofMandate) {
      await services.database.updateTable('mandates').set(values).where('id', '=', one.id).execute()
      const { code, answer } = await verify(one.id)
      expect(code, what).toBe(1)
      expect(answer?.signatures.flatMap(({ faults }) => faults).join(), what).toContain(`differ in: ${what}`)
      await services.database.updateTable('mandates').set(mandate).where('id', '=', one.id).execute()
    }
    const { offer } = one
    const lines = (offer.text ?? '').split('\n')
    const shifted = JSON.parse(offer.signature ?? '') as { nonce: string }
    const suffix = {
      text: lines.slice(4).join('\n'),
      signature: JSON.stringify({ ...shifted, nonce: `${shifted.nonce}\n${lines.slice(0, 4).join('\n')}` }),
    }
    const ofHistory: [string, string, History][] = [
      ['another principal', 'principal', { principal_id: other.organisation.id }],
      ['another person', 'person', { person_id: other.organisation.representative.id }],
      ['another act', 'act', { event: 'confirm' }],
      ['a text that says more', 'role', { text: (offer.text ?? '').replace('role: handler', 'role: manager') }],
      ['the proof of another mandate', 'signature is not over', { signature: other.offer.signature }],
      ['text and proof of another', 'mandate', { text: other.offer.text, signature: other.offer.signature }],
      ['a suffix, the rest in the nonce', 'no signature', suffix],
      ['no signature any more', 'another signature', { signature: null }],
      ['no JSON', 'no signature', { signature: 'x' }],
    ]
    for (const [what, fault, values] of ofHistory) {
      await services.database.updateTable('mandate_history').set(values).where('id', '=', offer.id).execute()
      expect((await verify(one.id)).code, what).toBe(1)
      expect((await faultsOf(one.id)).join(), what).toContain(fault)
      await services.database.updateTable('mandate_history').set(offer).where('id', '=', offer.id).execute()
    }
    // the row of one mandate, copied to another
    await services.database
      .updateTable('mandate_history')
      .set({ mandate_id: other.id })
      .where('id', '=', offer.id)
      .execute()
    expect((await faultsOf(other.id)).join()).toContain('differ in: mandate')
    await services.database.updateTable('mandate_history').set(offer).where('id', '=', offer.id).execute()
    expect((await verify(one.id)).code).toBe(0)
  })

  it('refuses a key that the audit log does not have for this person', async () => {
    const { id, offer } = await signedMandate()
    const forger = new SoftwareAuthenticator(server.issuer)
    forger.create({ challenge: 'x', rp: { id: 'localhost' }, user: { id: 'u' } })
    const { challengeOf, writeSignature } = await import('../../../src/login/methods/passkey/passkey-signature.ts')
    const nonce = 'n'.repeat(43)
    const made = forger.get({ challenge: challengeOf(nonce, offer.text ?? ''), rpId: 'localhost' })
    const { userHandle: _handle, ...response } = made.response
    const publicKey = forger.credentials[0]?.publicKey ?? ''
    const proof = { nonce, rpId: 'localhost', origin: server.issuer, credentialId: made.id, publicKey, ...response }
    await services.database
      .updateTable('mandate_history')
      .set({ signature: writeSignature(proof) })
      .where('id', '=', offer.id)
      .execute()
    const faults = await faultsOf(id)
    expect(faults.join()).toContain('no passkey with this key')
    expect(faults.join()).toContain('another signature')
  })

  it('accepts a signature of an older format, and names the format', async () => {
    const { id, offer, giver } = await signedMandate()
    const nonce = 'n'.repeat(43)
    const challenge = createHash('sha256')
      .update(`${nonce}\n${offer.text ?? ''}`)
      .digest('base64url')
    const made = giver.authenticator.get({ challenge, rpId: 'localhost' })
    const { userHandle: _handle, ...response } = made.response
    const publicKey = giver.authenticator.credentials[0]?.publicKey ?? ''
    const proof = { version: 1, nonce, rpId: 'localhost', origin: server.issuer, credentialId: made.id, publicKey }
    const signature = JSON.stringify({ ...proof, ...response })
    await services.database.updateTable('mandate_history').set({ signature }).where('id', '=', offer.id).execute()
    const first = (await verify(id)).answer?.signatures[0]
    expect(first).toMatchObject({ version: 1, faults: [expect.stringContaining('another signature')] })
  })

  it('checks an approval by QR code by the number of its audit entry', async () => {
    const person = await openPerson(services)
    const { visitor, authenticator } = await withPasskey(person)
    const computer = await WaitingComputer.at(new URL('/account', server.issuer), server.issuer)
    await signOnPhone(visitor, await scan(visitor, await computer.start()), authenticator)
    const entry = await services.database
      .selectFrom('audit_events')
      .selectAll()
      .where('event', '=', 'qr.approved')
      .where('person_id', '=', person.id)
      .executeTakeFirstOrThrow()
    expect(`${entry.details} ${entry.restricted}`).not.toContain('yideng qr approval')
    const { code, answer } = await verify(String(entry.sequence))
    expect(code).toBe(0)
    expect(answer).toMatchObject({ holds: true, signatures: [{ act: 'approval', person: person.id, version: 2 }] })
    expect(answer?.signatures[0]?.text).toMatch(/^yideng qr approval 1\n/)
    await services.database
      .updateTable('audit_events')
      .set({ client_id: 'another' })
      .where('sequence', '=', entry.sequence)
      .execute()
    expect((await faultsOf(String(entry.sequence))).join()).toContain('differ in: client')
    const back = { client_id: entry.client_id, details: '{}' }
    await services.database.updateTable('audit_events').set(back).where('sequence', '=', entry.sequence).execute()
    expect((await faultsOf(String(entry.sequence))).join()).toContain('another signature')
    await services.database.updateTable('audit_events').set(entry).where('sequence', '=', entry.sequence).execute()
  })

  it('finds no unknown id, and no signature where no person had a passkey', async () => {
    expect((await verify('nothing-of-that-name')).code).toBe(3)
    expect((await verify('1')).code).toBe(3)
    const { mandate } = await import('../../setup/organisation.ts')
    const organisation = await openOrganisation(services)
    const handler = await openPerson(services)
    const given = await mandate(services, organisation.id, organisation.representative, { ...handler, name: '陈大文' })
    const { code, err, answer } = await verify(given.id)
    expect(code).toBe(1)
    expect(answer?.holds).toBe(false)
    expect(err).toContain('Nothing was signed')
  })
})

describe('the person’s own copy', () => {
  it('is listed and downloaded by the signer only', async () => {
    const { giver, holder, offer } = await signedMandate()
    const list = await giver.visitor.get('/account/signatures')
    expect(list.html).toContain(`/account/signatures/${offer.id}`)
    expect((await giver.visitor.get('/account/organisations')).html).toContain('/account/signatures')
    const file = await giver.visitor.get(`/account/signatures/${offer.id}`)
    expect(file.headers.get('content-disposition')).toContain('attachment')
    const { format, at: _at, check, text, ...proof } = JSON.parse(file.html) as Record<string, string>
    expect(format).toBe('yideng signature 2')
    expect(check?.length).toBeGreaterThan(3)
    const { verifySignature, readSignature } = await import('../../../src/login/methods/passkey/passkey-signature.ts')
    const read = readSignature(JSON.stringify({ version: 2, ...proof })) ?? expect.fail()
    expect(await verifySignature(text ?? '', read)).toBe(true)
    expect(text).toBe(offer.text)
    for (const path of [`/account/signatures/${offer.id}`, '/account/signatures/0', '/account/signatures/x']) {
      expect((await holder.visitor.get(path)).status, path).toBe(404)
    }
  })
})
