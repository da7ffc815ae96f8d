import { askOptions, type CreationOptions } from '../setup/passkey.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { newPassword, personWithCodes, recoverBy } from '../setup/recovery.ts'
import { signedIn } from '../setup/signed-in.ts'
import { SoftwareAuthenticator } from '../setup/software-authenticator.ts'
import { Visitor } from '../setup/visitor.ts'
import { expect } from 'vitest'
import { type RoomForm, fresh, at, withPasskey, secondSession, byScript } from './form-world.ts'

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

export const accountForms: RoomForm[] = [
  account('POST /account/ways/:id/off', /^\/account\/ways\?done=off&way=qr$/, '/qr/off', {}, '/account/ways'),
  {
    route: 'POST /account/ways/:id/on',
    leads: /^\/account\/ways\?done=on$/,
    async fill(world) {
      const { visitor, page } = await at(world, '/account/ways')
      return { visitor, page: await visitor.lose(page, '/qr/off'), action: '/qr/on' }
    },
  },
  {
    route: 'POST /account/ways/:id/not-me',
    leads: /^\/account\/ways\?done=not_me$/,
    fill: async (world) => byScript(await at(world, '/account/organisations'), '/account/ways/qr/not-me'),
  },
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
  account('POST /account/closing', /^\/account\/closing\/asked\/[\w-]+$/, '/account/closing', {
    confirm: '注销我的账户',
  }),
  {
    route: 'POST /account/closing/keep',
    leads: /^\/account$/,
    async fill(world) {
      const person = await openPerson(world.services)
      const ends = await world.services.closing.ask(person.id, { actor: 'person' })
      expect(ends).toBeDefined()
      const again = new Visitor(world.server.issuer)
      const question = await again.get('/account')
      const asked = await again.submit(question, '/password', {
        identifier: person.username,
        password: person.password,
      })
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
    leads: /^\/account\/sessions\?done=forgotten&undo=[^&]+$/,
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
    leads: /^\/account\/portals\?done=withdrawn&undo=[^&]+$/,
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
