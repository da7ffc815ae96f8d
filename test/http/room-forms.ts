import { administrator, typeCode } from '../setup/administrator.ts'
import { residentId } from '../setup/people.ts'
import { openPerson } from '../setup/person.ts'
import { personWithCodes, recoverBy } from '../setup/recovery.ts'
import { signedIn } from '../setup/signed-in.ts'
import { stopLink } from '../setup/stop.ts'
import { Visitor } from '../setup/visitor.ts'
import { type World, type RoomForm, fresh } from './form-world.ts'
import { accountForms } from './account-forms.ts'
import { mandateForms } from './mandate-forms.ts'
import { faceForms, phoneForms } from './proof-room-forms.ts'

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
    route: 'POST /recover/code',
    leads: /^\/recover\/new-password$/,
    async fill({ server, services }) {
      const person = await personWithCodes(services)
      const visitor = new Visitor(server.issuer)
      const fields = { identifier: person.username, knowledge: person.phone, code: person.code(0) }
      return { visitor, page: await visitor.get('/recover/code'), action: '/recover/code', fields }
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
  {
    route: 'POST /recover/stop',
    leads: /^\/recover\/stopped$/,
    async fill({ server, services }) {
      const person = await personWithCodes(services)
      await recoverBy(services, { identifier: person.username, knowledge: person.phone, code: person.code(0) })
      const visitor = new Visitor(server.issuer)
      const page = await visitor.get(await stopLink(services, person.id))
      return { visitor, page, action: '/recover/stop', fields: {} }
    },
  },
]

/** Each form outside a running login. */
export const roomForms: readonly RoomForm[] = [
  ...accountForms,
  ...ofRecoveries,
  ...mandateForms,
  ...phoneForms,
  ...faceForms,
  ...ofProtocol,
]
