import { expect } from 'vitest'
import type { Services } from '../../src/services.ts'
import { administrator, typeCode } from '../setup/administrator.ts'
import { mandate, openOrganisation, find, register, creditCode } from '../setup/organisation.ts'
import { camera, photographedPerson, rightFrames, room, send } from '../setup/face.ts'
import { addPasskey, askOptions, type CreationOptions, type RequestOptions } from '../setup/passkey.ts'
import { residentId } from '../setup/people.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { computerAndPhone, look, scan, signedInPhone } from '../setup/qr.ts'
import { newPassword, personWithCodes, recoverBy } from '../setup/recovery.ts'
import { csrfOf } from '../setup/room.ts'
import type { RunningServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'
import { SoftwareAuthenticator } from '../setup/software-authenticator.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

export interface Filled {
  visitor: Visitor
  page: Page
  /** The end of the form's address. */
  action: string
  fields?: Record<string, string>
}

export interface World {
  server: RunningServer
  services: Services
}

/** A form outside a running login; the first answer and each later one lead to `leads`. */
export interface RoomForm {
  route: string
  leads: RegExp
  fill(world: World): Promise<Filled>
}

type Person = Awaited<ReturnType<typeof openPerson>>

const fresh = { password: '换了一个很长的新密码 2026', password_again: '换了一个很长的新密码 2026' }

async function at({ server, services }: World, path: string, person?: Person) {
  const visitor = await signedInPhone(server.issuer, person ?? (await openPerson(services)))
  return { visitor, page: await visitor.get(path) }
}

/** A browser that is signed in, while another session of its person runs. */
async function secondSession(world: World) {
  const person = await openPerson(world.services)
  await at(world, '/account', person)
  return at(world, '/account/sessions', person)
}

/** A form that this page shows in another state only. */
function byScript({ visitor, page }: Omit<Filled, 'action'>, action: string): Filled {
  const html = `<form action="${action}"><input type="hidden" name="csrf" value="${csrfOf(page)}"></form>`
  return { visitor, page: { ...page, html }, action }
}

async function withPasskey({ server, services }: World, person?: Person) {
  const owner = person ?? (await openPerson(services))
  const visitor = await signedInPhone(server.issuer, owner)
  const authenticator = new SoftwareAuthenticator(server.issuer)
  await addPasskey(visitor, authenticator)
  const [passkey] = await services.authenticators.list(owner.id, 'passkey')
  return { visitor, authenticator, path: `/account/passkey/${passkey?.id}` }
}

const offered = (handler: Person) => ({
  name: '周小桐',
  contact: handler.number,
  role: 'handler',
  'matter-tax.filing': 'yes',
  from: new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10),
  days: '30',
})

/** A handler whom the representative has offered a mandate by number, or with a code. */
async function invited(world: World, contact: 'number' | 'phone') {
  const organisation = await openOrganisation(world.services)
  const handler = await openPerson(world.services, { name: '周小桐' })
  const giver = await at(world, `/account/organisations/${organisation.id}/invite`, organisation.representative)
  const told = await giver.visitor.submit(giver.page, '/invite', { ...offered(handler), contact: handler[contact] })
  const code = /class="code">(\d+)</.exec(told.html)?.[1] ?? ''
  return { ...(await at(world, '/account/invitations', handler)), code }
}

/** An organisation whose representative another person follows: the mandates wait for the new one. */
async function suspended(world: World) {
  const { services } = world
  const organisation = await openOrganisation(services)
  const handler = await openPerson(services, { name: '周小桐' })
  await mandate(services, organisation.id, organisation.representative, handler)
  const next = await openPerson(services, { name: '林知行' })
  await register(services, { ...organisation, representative: next })
  await services.legalPersons.open({ uscc: organisation.uscc, person: await find(services, next) }, { actor: 'person' })
  return at(world, `/account/organisations/${organisation.id}`, next)
}

const account = (
  route: string,
  leads: RegExp,
  action: string,
  fields: Record<string, string> = {},
  path = route.slice('POST '.length),
): RoomForm => ({ route, leads, fill: async (world) => ({ ...(await at(world, path)), action, fields }) })

const ofPasskey = (verb: 'name' | 'remove', done: string, fields: Record<string, string> = {}): RoomForm => ({
  route: `POST /account/passkey/:id/${verb}`,
  leads: new RegExp(`^/account/passkey\\?done=${done}$`),
  async fill(world) {
    const { visitor, path } = await withPasskey(world)
    return { visitor, page: await visitor.get(path), action: `/${verb}`, fields }
  },
})

async function faceRoom({ server, services }: World) {
  return room(server.issuer, await photographedPerson(services))
}

/** Forms with a proof, a code or a mandate. */
const ofMandates: RoomForm[] = [
  {
    route: 'POST /account/organisations/:id/invite',
    leads: /^\/account\/mandates\/[\w-]+\/offered$/,
    async fill(world) {
      const organisation = await openOrganisation(world.services)
      const handler = await openPerson(world.services, { name: '周小桐' })
      const path = `/account/organisations/${organisation.id}/invite`
      return { ...(await at(world, path, organisation.representative)), action: '/invite', fields: offered(handler) }
    },
  },
  {
    route: 'POST /account/helpers',
    leads: /^\/account\/mandates\/[\w-]+\/offered$/,
    async fill(world) {
      const helper = await openPerson(world.services, { name: '周小桐' })
      const fields = { name: '周小桐', contact: helper.number, days: '30' }
      const opened = await at(world, '/account/helpers')
      const matter = /name="(matter-[^"]+)"/.exec(opened.page.html)?.[1] ?? ''
      return { ...opened, action: '/account/helpers', fields: { ...fields, [matter]: 'yes' } }
    },
  },
  {
    route: 'POST /account/mandates/sign',
    leads: /^\/account\/mandates\/[\w-]+\/offered$/,
    async fill(world) {
      const organisation = await openOrganisation(world.services)
      const handler = await openPerson(world.services, { name: '周小桐' })
      const { visitor, authenticator } = await withPasskey(world, organisation.representative)
      const form = await visitor.get(`/account/organisations/${organisation.id}/invite`)
      const page = await visitor.submit(form, '/invite', offered(handler))
      const response = JSON.stringify(authenticator.get(await askOptions<RequestOptions>(visitor, page)))
      return { visitor, page, action: '/mandates/sign', fields: { response } }
    },
  },
  {
    route: 'POST /account/invitations/open',
    leads: /^\/account\/invitations$/,
    async fill(world) {
      const { code, ...opened } = await invited(world, 'phone')
      return { ...opened, action: '/open', fields: { code } }
    },
  },
  {
    route: 'POST /account/invitations/:id/accept',
    leads: /^\/account\/organisations\/[\w-]+$/,
    fill: async (world) => ({ ...(await invited(world, 'number')), action: '/accept' }),
  },
  {
    route: 'POST /account/invitations/:id/decline',
    leads: /^\/account\/invitations$/,
    fill: async (world) => ({ ...(await invited(world, 'number')), action: '/decline' }),
  },
  {
    route: 'POST /account/mandates/:id/end',
    leads: /^\/account\/organisations\/[\w-]+$/,
    fill: async (world) => ({ ...(await suspended(world)), action: '/end' }),
  },
  {
    route: 'POST /account/mandates/:id/confirm',
    leads: /^\/account\/organisations\/[\w-]+$/,
    fill: async (world) => ({ ...(await suspended(world)), action: '/confirm' }),
  },
  {
    route: 'POST /account/organisations',
    leads: /^\/account\/organisations\/[\w-]+$/,
    async fill(world) {
      const representative = await openPerson(world.services)
      const uscc = creditCode()
      await register(world.services, { uscc, representative })
      const opened = await at(world, '/account/organisations', representative)
      return { ...opened, action: '/account/organisations', fields: { uscc } }
    },
  },
  {
    route: 'POST /account/organisations/level',
    leads: /^\/account\/organisations$/,
    fill: async (world) => byScript(await at(world, '/account/organisations'), '/account/organisations/level'),
  },
]

const ofPhones: RoomForm[] = [
  {
    route: 'POST /q/:frame',
    leads: /^\/q\/scan\/[\w-]+$/,
    async fill({ services }) {
      const { computer, phone } = await computerAndPhone(services)
      const frame = await computer.start()
      return { visitor: phone, page: await look(phone, frame), action: new URL(frame).pathname }
    },
  },
  ...(['approve', 'refuse'] as const).map((decision): RoomForm => ({
    route: 'POST /q/scan/:id',
    leads: /^\/q\/scan\/[\w-]+$/,
    async fill({ services }) {
      const { computer, phone } = await computerAndPhone(services)
      const page = await scan(phone, await computer.start())
      return { visitor: phone, page, action: page.url.pathname, fields: { decision } }
    },
  })),
  {
    route: 'POST /q/scan/:id/sign',
    leads: /^\/q\/scan\/[\w-]+$/,
    async fill({ server, services }) {
      const { computer, phone } = await computerAndPhone(services)
      const authenticator = new SoftwareAuthenticator(server.issuer)
      await addPasskey(phone, authenticator)
      const page = await scan(phone, await computer.start())
      const response = JSON.stringify(authenticator.get(await askOptions<RequestOptions>(phone, page)))
      return { visitor: phone, page, action: '/sign', fields: { response } }
    },
  },
]

const ofFaces: RoomForm[] = [
  {
    route: 'POST /account/face/start',
    leads: /^\/account\/face\/start$/,
    fill: async (world) => ({ ...(await faceRoom(world)), action: '/face/start' }),
  },
  {
    route: 'POST /account/face/consent',
    leads: /^\/account\/face\/consent$/,
    async fill(world) {
      const { visitor, page } = await faceRoom(world)
      return {
        visitor,
        page: await visitor.submit(page, '/face/start', {}),
        action: '/consent',
        fields: { agree: 'yes' },
      }
    },
  },
  {
    route: 'POST /account/face/done',
    leads: /^\/account\/face\?done=proved$/,
    async fill(world) {
      const { visitor, page } = await faceRoom(world)
      const capture = await camera(visitor, page)
      await send(visitor, capture, await rightFrames(capture))
      return { visitor, page: capture, action: '/face/done' }
    },
  },
  {
    route: 'POST /account/face/withdraw',
    leads: /^\/account\/face\?done=withdrawn$/,
    async fill(world) {
      const { visitor, page } = await faceRoom(world)
      await camera(visitor, page)
      return { visitor, page: await visitor.get('/account/face'), action: '/withdraw' }
    },
  },
  {
    route: 'POST /account/face/bind',
    leads: /^\/account\/face\?done=/,
    fill: async (world) => byScript(await faceRoom(world), '/account/face/bind'),
  },
]

const ofAccounts: RoomForm[] = [
  account('POST /account/ways/:id/off', /^\/account\/ways\?done=off$/, '/qr/off', {}, '/account/ways'),
  {
    route: 'POST /account/ways/:id/on',
    leads: /^\/account\/ways\?done=on$/,
    async fill(world) {
      const { visitor, page } = await at(world, '/account/ways')
      return { visitor, page: await visitor.submit(page, '/qr/off', {}), action: '/qr/on' }
    },
  },
  {
    route: 'POST /account/ways/:id/not-me',
    leads: /^\/account\/ways\?done=not_me$/,
    fill: async (world) => byScript(await at(world, '/account/ways'), '/account/ways/qr/not-me'),
  },
  account('POST /account/recovery', /^\/account\/recovery$/, '/account/recovery'),
  {
    route: 'POST /account/notices/read',
    leads: /^\/account\/notices$/,
    async fill(world) {
      const person = await openPerson(world.services)
      await world.services.inbox.send({ personId: person.id, kind: 'new-device' })
      return { ...(await at(world, '/account/notices', person)), action: '/read' }
    },
  },
  account('POST /account/data', /^\/account\/data$/, '/account/data'),
  account('POST /account/password', /^\/account\/password\?done=changed$/, '/password', fresh),
  account(
    'POST /account/closing',
    /^\/account\/closing\/asked\/[\w-]+$/,
    '/account/closing',
    { confirm: '注销我的账户' },
  ),
  {
    route: 'POST /account/closing/keep',
    leads: /^\/account$/,
    async fill(world) {
      const person = await openPerson(world.services)
      const ends = await world.services.closing.ask(person.id, { actor: 'person' })
      expect(ends).toBeDefined()
      const again = new Visitor(world.server.issuer)
      const question = await again.get('/account')
      const asked = await again.submit(question, '/password', { identifier: person.username, password: person.password })
      await again.submit(asked, '/closing', { decision: 'close' })
      return { visitor: again, page: await again.get('/account'), action: '/closing/keep' }
    },
  },
  {
    route: 'POST /account/sessions/:id/end',
    leads: /^\/account\/sessions\?done=ended$/,
    fill: async (world) => ({ ...(await secondSession(world)), action: '/end' }),
  },
  {
    route: 'POST /account/sessions/end-others',
    leads: /^\/account\/sessions\?done=others_ended$/,
    fill: async (world) => ({ ...(await secondSession(world)), action: '/end-others' }),
  },
  {
    route: 'POST /account/devices/:id/forget',
    leads: /^\/account\/sessions\?done=forgotten$/,
    async fill(world) {
      const person = await openPerson(world.services)
      await at(world, '/account', person)
      return { ...(await at(world, '/account/sessions', person)), action: '/forget' }
    },
  },
  {
    route: 'POST /account/history/:id/not-me',
    leads: /^\/account\/ways\?done=not_me/,
    async fill(world) {
      const person = await openPerson(world.services)
      await at(world, '/account', person)
      const { visitor, page } = await at(world, '/account/history', person)
      const paths = [...page.html.matchAll(/href="(\/account\/history\/[0-9a-f-]{36})"/g)].map(([, path = '']) => path)
      return { visitor, page: await visitor.get(paths.at(-1) ?? ''), action: '/not-me' }
    },
  },
  {
    route: 'POST /account/portals/:id/withdraw',
    leads: /^\/account\/portals\?done=withdrawn$/,
    async fill({ services }) {
      const { visitor } = await signedIn(services)
      return { visitor, page: await visitor.get('/account/portals'), action: '/withdraw' }
    },
  },
  ofPasskey('name', 'renamed', { name: '我的手机' }),
  ofPasskey('remove', 'removed'),
  {
    route: 'POST /account/passkey/add',
    leads: /^\/account\/passkey\?done=added$/,
    async fill(world) {
      const { visitor, page } = await at(world, '/account/passkey/add')
      const made = new SoftwareAuthenticator(world.server.issuer).create(
        await askOptions<CreationOptions>(visitor, page),
      )
      return { visitor, page, action: '/passkey/add', fields: { response: JSON.stringify(made) } }
    },
  },
  {
    route: 'POST /account/passkey/:id/mine',
    leads: /^\/account\/passkey\?done=released$/,
    async fill(world) {
      const { server, services } = world
      const person = await personWithCodes(services)
      const { path } = await withPasskey(world, person)
      await recoverBy(services, { identifier: person.username, knowledge: person.phone, code: person.code(0) })
      const past = { held_until: services.clock() - 1 }
      await services.database.updateTable('natural_persons').set(past).where('id', '=', person.id).execute()
      const visitor = new Visitor(server.issuer)
      await signIn(visitor, await visitor.get('/account'), person.username, newPassword)
      return { visitor, page: await visitor.get(path), action: '/mine' }
    },
  },
]

let newcomers = 0

async function waitingCommandLine({ server, services }: World) {
  const admin = await administrator(server, services)
  const body = new URLSearchParams({ client_id: 'yideng-cli', scope: 'openid admin offline_access' })
  const answer = await fetch(`${server.issuer}/device_authorization`, { method: 'POST', body })
  const { user_code: code } = (await answer.json()) as { user_code: string }
  return { visitor: admin.visitor, code }
}

/** Forms of the command line's sign-in and of the sign-out. */
const ofProtocol: RoomForm[] = [
  {
    route: 'POST /device',
    leads: /^\/device$/,
    async fill(world) {
      const { visitor, code } = await waitingCommandLine(world)
      return { visitor, page: await visitor.get('/device'), action: '/device', fields: { user_code: code } }
    },
  },
  ...[
    { decision: 'confirm', leads: /^\/login\/[\w-]+$/ },
    { decision: 'abort', leads: /^\/device$/ },
  ].map(({ decision, leads }): RoomForm => ({
    route: 'POST /device',
    leads,
    async fill(world) {
      const { visitor, code } = await waitingCommandLine(world)
      return { visitor, page: await typeCode(visitor, code), action: '/device', fields: { [decision]: 'yes' } }
    },
  })),
  {
    route: 'POST /logout/confirm',
    leads: /^\/logout\/(?:success|confirm)$/,
    async fill({ services }) {
      const { visitor } = await signedIn(services)
      return { visitor, page: await visitor.get('/logout'), action: '/logout/confirm', fields: { logout: 'yes' } }
    },
  },
  {
    route: 'POST /register',
    leads: /^\/registered$/,
    async fill({ server }) {
      newcomers += 1
      const visitor = new Visitor(server.issuer)
      const fields = {
        ...fresh,
        name: '林小梅',
        document_type: 'resident_id',
        document_number: residentId(`4401061987021${4000 + newcomers}`),
        phone: `1370002${1000 + newcomers}`,
        username: `form${newcomers}`,
        consent: 'yes',
      }
      return { visitor, page: await visitor.get('/register'), action: '/register', fields }
    },
  },
]

const ofRecoveries: RoomForm[] = [
  {
    route: 'POST /recover',
    leads: /^\/recover\/new-password$/,
    async fill({ server, services }) {
      const person = await personWithCodes(services)
      const visitor = new Visitor(server.issuer)
      const fields = { identifier: person.username, knowledge: person.phone, code: person.code(0) }
      return { visitor, page: await visitor.get('/recover'), action: '/recover', fields }
    },
  },
  {
    route: 'POST /recover/new-password',
    leads: /^\/recover\/done$/,
    async fill({ server, services }) {
      const person = await openPerson(services)
      const made = await services.recovery.makeLink(person.id, { counter: false }, { actor: 'administrator:test' })
      const visitor = new Visitor(server.issuer)
      const page = await visitor.get(`/recover/${made?.token}`)
      return { visitor, page, action: '/new-password', fields: fresh }
    },
  },
]

export const roomForms: readonly RoomForm[] = [
  ...ofAccounts,
  ...ofRecoveries,
  ...ofMandates,
  ...ofPhones,
  ...ofFaces,
  ...ofProtocol,
]
