import { expect } from 'vitest'
import type { Services } from '../../src/services.ts'
import { mandate, openOrganisation } from '../setup/organisation.ts'
import { password, residentId } from '../setup/people.ts'
import { ofOldRule, openPerson, signIn, typePassword } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { csrfOf } from '../setup/room.ts'
import type { RunningServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

/** A page with a question, and the form that answers it. */
export interface Asked {
  visitor: Visitor
  page: Page
  step: string
  fields?: Record<string, string>
}

export interface World {
  server: RunningServer
  services: Services
}

async function atSignIn({ server, services }: World, overrides: Parameters<typeof registerPortal>[1] = {}) {
  const person = await openPerson(services, { level: 2 })
  const portal = await registerPortal(services, { consent: 'implicit', ...overrides })
  const visitor = new Visitor(server.issuer)
  const page = await visitor.get((await portal.begin()).url)
  return { person, portal, visitor, page }
}

const typedBy = (username: string) => ({ identifier: username, password })

/** Each form of a running login whose answer leads on; `step` is the end of its address. */
export const loginForms: { form: string; ask(world: World): Promise<Asked> }[] = [
  {
    form: 'password, then the portal',
    async ask(world: World) {
      const { person, visitor, page } = await atSignIn(world)
      return { visitor, page, step: 'password', fields: typedBy(person.username) }
    },
  },
  {
    form: 'password, then consent',
    async ask(world: World) {
      const { person, visitor, page } = await atSignIn(world, { consent: 'ask' })
      return { visitor, page, step: 'password', fields: typedBy(person.username) }
    },
  },
  {
    form: 'password of a session that signs in again',
    async ask({ services }) {
      const { portal, visitor, person } = await signedIn(services, { consent: 'implicit' })
      const page = await visitor.get((await portal.begin({ prompt: 'login' })).url)
      return { visitor, page, step: 'password', fields: typedBy(person.username) }
    },
  },
  {
    form: 'password, with an answer that the portal gets as a form',
    async ask(world: World) {
      const { person, portal, visitor } = await atSignIn(world)
      const page = await visitor.get((await portal.begin({ response_mode: 'form_post' })).url)
      return { visitor, page, step: 'password', fields: typedBy(person.username) }
    },
  },
  ...(['allow', 'deny'] as const).map((decision) => ({
    form: `consent, ${decision}`,
    async ask(world: World) {
      const { person, visitor, page } = await atSignIn(world, { consent: 'ask' })
      return { visitor, page: await signIn(visitor, page, person.username), step: 'consent', fields: { decision } }
    },
  })),
  {
    form: 'cancel at the sign-in page',
    async ask(world: World) {
      const { visitor, page } = await atSignIn(world)
      return { visitor, page, step: 'cancel' }
    },
  },
  {
    form: 'cancel at the question of the level',
    async ask(world: World) {
      const { person, visitor, page } = await atSignIn(world, { min_level: 3 })
      return { visitor, page: await signIn(visitor, page, person.username), step: 'cancel' }
    },
  },
  {
    form: 'level',
    async ask(world: World) {
      const { services } = world
      const { person, visitor, page } = await atSignIn(world, { min_level: 3 })
      const { name } = services.persons.reveal((await services.persons.find(person.id)) ?? expect.fail())
      const entry = { documentType: 'resident_id', documentNumber: person.number, nameKey: name } as const
      await services.database.transaction().execute((transaction) => services.register.add(transaction, [entry]))
      return { visitor, page: await signIn(visitor, page, person.username), step: 'level' }
    },
  },
  ...(['keep', 'close'] as const).map((decision) => ({
    form: `closing, ${decision}`,
    async ask(world: World) {
      const { services } = world
      const { person, visitor, page } = await atSignIn(world)
      await services.closing.ask(person.id, { actor: 'person' })
      return { visitor, page: await signIn(visitor, page, person.username), step: 'closing', fields: { decision } }
    },
  })),
  {
    form: 'recovery codes, left for later',
    async ask(world) {
      const { person, portal, visitor, page } = await atSignIn(world)
      await signIn(visitor, page, person.username)
      // a browser of the person, in a later second
      await new Promise((resolve) => setTimeout(resolve, 1100))
      visitor.cookies = visitor.cookies.filter(({ name }) => name !== 'yideng_session')
      const again = await visitor.get((await portal.begin()).url)
      return {
        visitor,
        page: await typePassword(visitor, again, person.username),
        step: 'codes',
        fields: { decision: 'later' },
      }
    },
  },
  {
    form: 'proof of possession, left for later',
    async ask(world) {
      const { person, visitor, page } = await atSignIn(world)
      await ofOldRule(world.services, person.id)
      const asked = await typePassword(visitor, page, person.username)
      return { visitor, page: asked, step: 'possession', fields: { decision: 'later' } }
    },
  },
  {
    form: 'representee',
    async ask({ server, services }) {
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
    async ask(world: World) {
      const { person, visitor, page } = await atSignIn(world)
      // the script of the page says that this browser can make a passkey
      const here = { csrf: csrfOf(page), here: 'yes' }
      await visitor.post(`${page.url.pathname}/passkey/options`, here, { accept: 'application/json' })
      const offered = await signIn(visitor, page, person.username)
      return { visitor, page: offered, step: 'passkey/offer' }
    },
  },
  {
    form: 'a new account that signs in',
    async ask(world: World) {
      const { visitor, page } = await atSignIn(world)
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
    async ask(world: World) {
      const { visitor, page } = await atSignIn(world)
      // a browser comes to the form by its first step, which gives it the secret of its answers
      await visitor.get(`${page.url.pathname}/register`)
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
