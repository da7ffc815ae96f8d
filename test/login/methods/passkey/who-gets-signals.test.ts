import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { addPasskey, signInByPasskey } from '../../../setup/passkey.ts'
import { openPerson, signIn } from '../../../setup/person.ts'
import { registerPortal, type TestPortal } from '../../../setup/portal.ts'
import { computerAndPhone, letIn, scan, signedInPhone } from '../../../setup/qr.ts'
import { usualServer, type RunningServer } from '../../../setup/server.ts'
import { SoftwareAuthenticator } from '../../../setup/software-authenticator.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services
let portal: TestPortal

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
  portal = await registerPortal(services, { consent: 'implicit' })
})

const quotes = (html: string) => html.replaceAll('&quot;', '"')

/** The signals of a page: method, and its options. */
const signalsOf = ({ html }: Pick<Page, 'html'>) =>
  [...html.matchAll(/data-signal="([^"]*)" data-options="([^"]*)"/g)].map(([, method, options = '']) => ({
    method,
    ...(JSON.parse(quotes(options)) as Record<string, unknown>),
  }))

async function personWithPasskey() {
  const person = await openPerson(services)
  const authenticator = new SoftwareAuthenticator(server.issuer)
  await addPasskey(await signedInPhone(server.issuer, person), authenticator)
  return { person, authenticator, id: await idOf(person.id) }
}

async function idOf(personId: string): Promise<string> {
  const [passkey] = await services.authenticators.list(personId, 'passkey')
  return (JSON.parse(passkey?.data ?? '{}') as { credentialId: string }).credentialId
}

async function signInPage() {
  const visitor = new Visitor(server.issuer)
  return { visitor, page: await visitor.get((await portal.begin()).url) }
}

/** The page of ours that ends the chain form, portal, elsewhere. Only browsers get it: `fetch` sends another mode. */
async function onwardOf({ cookies }: Visitor, answer: Page) {
  const address = new URL(answer.headers.get('location') ?? '', server.issuer)
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const sent = get(address, { headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate', cookie } })
  const [received] = (await once(sent, 'response')) as [IncomingMessage]
  return { ...answer, html: await text(received), status: received.statusCode, headers: received.headers }
}

describe('the list of passkeys goes to the person signed in', () => {
  it('on the page that ends a sign-in by passkey: own passkeys, no others', async () => {
    const one = await personWithPasskey()
    const other = await personWithPasskey()
    const { visitor, page } = await signInPage()
    expect(signalsOf(page)).toEqual([])
    visitor.follows = false
    const onward = await onwardOf(visitor, await signInByPasskey(visitor, page, one.authenticator))
    expect(signalsOf(onward)).toMatchObject([
      { method: 'signalAllAcceptedCredentials', rpId: 'localhost', allAcceptedCredentialIds: [one.id] },
    ])
    expect(onward.html).not.toContain(other.id)
    expect(onward.headers['cache-control']).toBe('no-store')

    const byPassword = await signInPage()
    byPassword.visitor.follows = false
    const answer = await signIn(byPassword.visitor, byPassword.page, one.person.username)
    const without = await onwardOf(byPassword.visitor, answer)
    expect(without.html).toContain('data-onward')
    expect(signalsOf(without)).toEqual([])
  })

  it('on the pages of the account centre while the sign-in by passkey is fresh', async () => {
    const { authenticator, id } = await personWithPasskey()
    const visitor = new Visitor(server.issuer)
    const overview = await signInByPasskey(visitor, await visitor.get('/account'), authenticator)
    expect(signalsOf(overview)).toMatchObject([{ allAcceptedCredentialIds: [id] }])
    expect(signalsOf(await visitor.get('/account/passkey'))).toHaveLength(1)
    expect(signalsOf(await visitor.get('/account/sessions'))).toHaveLength(1)
  })

  it('not after a sign-in by password', async () => {
    const { person } = await personWithPasskey()
    const visitor = await signedInPhone(server.issuer, person)
    expect(signalsOf(await visitor.get('/account'))).toEqual([])
  })

  it('not to a computer that a QR code signs in', async () => {
    const { phone, computer, begun } = await computerAndPhone(await server.services())
    await letIn(phone, await scan(phone, await computer.start()), computer)
    await begun.finish(await computer.redeem())
    await addPasskey(phone, new SoftwareAuthenticator(server.issuer))
    const overview = await computer.visitor.get('/account')
    expect([overview.url.pathname, signalsOf(overview)]).toEqual(['/account', []])
  })

  it('not to a stranger who sends what is wrong, and only the sent id comes back', async () => {
    const { id, authenticator } = await personWithPasskey()
    const wrong = { challenge: 'AAAA' }
    const refused = await signInPage()
    const answer = await signInByPasskey(refused.visitor, refused.page, authenticator, wrong)
    expect([answer.status, signalsOf(answer)]).toEqual([400, []])

    const removed = await personWithPasskey()
    await services.authenticators.removeAll(removed.person.id, 'passkey')
    const unknown = await signInPage()
    const told = await signInByPasskey(unknown.visitor, unknown.page, removed.authenticator)
    expect(signalsOf(told)).toEqual([
      { method: 'signalUnknownCredential', rpId: 'localhost', credentialId: removed.id },
    ])
    expect(told.html).not.toContain(id)
  })
})
