import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { mandate, openOrganisation } from '../setup/organisation.ts'
import { password, residentId } from '../setup/people.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { usualServer, type RunningServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

const csrfOf = (page: Page) => /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''

/** A page with a question, and the form that answers it. */
interface Asked {
  visitor: Visitor
  page: Page
  step: string
  fields?: Record<string, string>
}

async function atSignIn(overrides: Parameters<typeof registerPortal>[1] = {}) {
  const person = await openPerson(services, { level: 2 })
  const portal = await registerPortal(services, { consent: 'implicit', ...overrides })
  const visitor = new Visitor(server.issuer)
  const page = await visitor.get((await portal.begin()).url)
  return { person, portal, visitor, page }
}

const typedBy = (username: string) => ({ identifier: username, password })

const forms: { form: string; ask(): Promise<Asked> }[] = [
  {
    form: 'password, then the portal',
    async ask() {
      const { person, visitor, page } = await atSignIn()
      return { visitor, page, step: 'password', fields: typedBy(person.username) }
    },
  },
  {
    form: 'password, then consent',
    async ask() {
      const { person, visitor, page } = await atSignIn({ consent: 'ask' })
      return { visitor, page, step: 'password', fields: typedBy(person.username) }
    },
  },
  {
    form: 'password of a session that signs in again',
    async ask() {
      const { portal, visitor, person } = await signedIn(services, { consent: 'implicit' })
      const page = await visitor.get((await portal.begin({ prompt: 'login' })).url)
      return { visitor, page, step: 'password', fields: typedBy(person.username) }
    },
  },
  {
    form: 'password, with an answer that the portal gets as a form',
    async ask() {
      const { person, portal, visitor } = await atSignIn()
      const page = await visitor.get((await portal.begin({ response_mode: 'form_post' })).url)
      return { visitor, page, step: 'password', fields: typedBy(person.username) }
    },
  },
  ...(['allow', 'deny'] as const).map((decision) => ({
    form: `consent, ${decision}`,
    async ask() {
      const { person, visitor, page } = await atSignIn({ consent: 'ask' })
      return { visitor, page: await signIn(visitor, page, person.username), step: 'consent', fields: { decision } }
    },
  })),
  {
    form: 'cancel at the sign-in page',
    async ask() {
      const { visitor, page } = await atSignIn()
      return { visitor, page, step: 'cancel' }
    },
  },
  {
    form: 'cancel at the question of the level',
    async ask() {
      const { person, visitor, page } = await atSignIn({ min_level: 3 })
      return { visitor, page: await signIn(visitor, page, person.username), step: 'cancel' }
    },
  },
  {
    form: 'level',
    async ask() {
      const { person, visitor, page } = await atSignIn({ min_level: 3 })
      const { name } = services.persons.reveal((await services.persons.find(person.id)) ?? expect.fail())
      const entry = { documentType: 'resident_id', documentNumber: person.number, nameKey: name } as const
      await services.database.transaction().execute((transaction) => services.register.add(transaction, [entry]))
      return { visitor, page: await signIn(visitor, page, person.username), step: 'level' }
    },
  },
  ...(['keep', 'close'] as const).map((decision) => ({
    form: `closing, ${decision}`,
    async ask() {
      const { person, visitor, page } = await atSignIn()
      await services.closing.ask(person.id, { actor: 'person' })
      return { visitor, page: await signIn(visitor, page, person.username), step: 'closing', fields: { decision } }
    },
  })),
  {
    form: 'representee',
    async ask() {
      const organisation = await openOrganisation(services)
      const handler = await openPerson(services, { name: '周小桐' })
      await mandate(services, organisation.id, organisation.representative, handler)
      const portal = await registerPortal(services, {
        scope: 'openid representee',
        consent: 'implicit',
        representee: 'optional',
      })
      const visitor = new Visitor(server.issuer)
      const page = await signIn(visitor, await visitor.get((await portal.begin()).url), handler.username)
      return { visitor, page, step: 'representee', fields: { representee: organisation.id } }
    },
  },
  {
    form: 'offer of a passkey',
    async ask() {
      const { person, visitor, page } = await atSignIn()
      // the script of the page says that this browser can make a passkey
      const here = { csrf: csrfOf(page), here: 'yes' }
      await visitor.post(`${page.url.pathname}/passkey/options`, here, { accept: 'application/json' })
      const offered = await signIn(visitor, page, person.username)
      return { visitor, page: offered, step: 'passkey/offer' }
    },
  },
  {
    form: 'a new account that signs in',
    async ask() {
      const { visitor, page } = await atSignIn()
      const registered = await visitor.submit(
        await visitor.get(`${page.url.pathname}/register`),
        '/register',
        newcomer(),
      )
      return { visitor, page: { ...registered, url: page.url }, step: 'registered' }
    },
  },
  {
    form: 'registration in a login',
    async ask() {
      const { visitor, page } = await atSignIn()
      return { visitor, page, step: 'register', fields: newcomer() }
    },
  },
]

let newcomers = 0
function newcomer() {
  newcomers += 1
  return {
    name: '林小梅',
    document_type: 'resident_id',
    document_number: residentId(`4401061988021${4000 + newcomers}`),
    phone: `1370001${1000 + newcomers}`,
    username: `twice${newcomers}`,
    password,
    password_again: password,
    consent: 'yes',
  }
}

const twins = (visitor: Visitor) => {
  const copy = new Visitor(server.issuer)
  copy.cookies = [...visitor.cookies]
  return copy
}

const send = ({ page, step, fields = {} }: Asked, visitor: Visitor) =>
  visitor.post(`${page.url.pathname}/${step}`, { csrf: csrfOf(page), ...fields })

const untrue = /(?<=<h1>)(?:这次登录已经过期|我们这里出了问题)/

/** The next question, the portal, or a page that says that the step is done. */
function expectGood(page: Page, what: string) {
  expect({ what, status: page.status, said: untrue.exec(page.html)?.[0] }).toMatchObject({
    status: page.leads ? 303 : 200,
    said: undefined,
  })
}

const codeOf = (page: Page) => page.leads?.searchParams.get('code') ?? undefined

describe.each(forms)('$form', ({ ask }) => {
  it.each([0, 10, 80])('twice, %d ms apart, in one browser', async (gapMs) => {
    const asked = await ask()
    const first = send(asked, asked.visitor)
    await new Promise((resolve) => setTimeout(resolve, gapMs))
    const pages = await Promise.all([first, send(asked, asked.visitor)])
    for (const [index, page] of pages.entries()) expectGood(page, `answer ${index + 1}`)
    expect(pages.filter((page) => codeOf(page) !== undefined).length).toBeLessThanOrEqual(1)
  })

  it('twice, where the browser never got the first answer', async () => {
    const asked = await ask()
    const lost = twins(asked.visitor)
    lost.follows = false
    await send(asked, lost)
    expectGood(await send(asked, asked.visitor), 'second answer')
  })

  it('once more after the first went on, and its page by Back and reload', async () => {
    const asked = await ask()
    const first = await send(asked, asked.visitor)
    expectGood(first, 'first answer')
    expectGood(await send(asked, asked.visitor), 'the form once more')
    expectGood(await asked.visitor.get(asked.page.url), 'Back')
    expectGood(await asked.visitor.get(`/authorize/${asked.page.url.pathname.split('/')[2]}`), 'the resume once more')
    const stranger = await new Visitor(server.issuer).get(asked.page.url)
    expect({ status: stranger.status, said: untrue.exec(stranger.html)?.[0] }).toEqual({
      status: 400,
      said: '这次登录已经过期',
    })
  })
})
