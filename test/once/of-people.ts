import { randomBytes, randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { readInvitee } from '../../src/accounts/mandates/invitee.ts'
import { administrator, letIn } from '../setup/administrator.ts'
import { photographedPerson, rightFrames, room, send } from '../setup/face.ts'
import { inviteHandler, find, openOrganisation } from '../setup/organisation.ts'
import { addPasskey, askOptions, type CreationOptions, type RequestOptions } from '../setup/passkey.ts'
import { password, residentId } from '../setup/people.ts'
import { openPerson } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { computerAndPhone, letIn as letComputerIn, look, scan, signedInPhone } from '../setup/qr.ts'
import { newPassword, personWithCodes, proveBy } from '../setup/recovery.ts'
import { SoftwareAuthenticator } from '../setup/software-authenticator.ts'
import { Visitor, type Page } from '../setup/visitor.ts'
import { atOnce, copyOf, csrfOf, hasCode, type OneTimeThing } from './things.ts'

/** One-time things of people: frames, challenges, codes, invitations, captures, approvals. */
export const ofPeople: OneTimeThing[] = [
  {
    what: 'frame of a QR code, by phones of eight people',
    where: 'login/methods/qr/transactions.ts',
    orNone: true,
    async prepare({ server, services }) {
      const { computer } = await computerAndPhone(services)
      const people = await Promise.all(Array.from({ length: atOnce }, () => openPerson(services)))
      const phones = await Promise.all(people.map((person) => signedInPhone(server.issuer, person)))
      const frame = await computer.start()
      const looked = await Promise.all(phones.map((phone) => look(phone, frame)))
      const { pathname } = new URL(frame)
      return {
        async use(turn) {
          const [phone, page] = [phones[turn], looked[turn]]
          return phone && page ? (await phone.submit(page, pathname, {})).html.includes('value="approve"') : false
        },
        after: async () => expect(['aborted', 'scanned']).toContain((await computer.look()).state),
      }
    },
  },
  {
    what: 'redemption of a QR login',
    where: 'login/methods/qr/transactions.ts',
    async prepare({ server, services }) {
      const { computer, phone } = await computerAndPhone(services)
      await letComputerIn(phone, await scan(phone, await computer.start()), computer)
      return { use: async () => hasCode(await computer.redeem(copyOf(computer.visitor, server.issuer))) }
    },
  },
  {
    what: 'passkey challenge of a login',
    where: 'login/methods/passkey/challenges.ts',
    async prepare({ server, services }) {
      const person = await openPerson(services)
      const phone = await signedInPhone(server.issuer, person)
      const authenticator = new SoftwareAuthenticator(server.issuer)
      await addPasskey(phone, authenticator)
      const portal = await registerPortal(services, { consent: 'implicit' })
      const visitor = new Visitor(server.issuer)
      const page = await visitor.get((await portal.begin()).url)
      const response = JSON.stringify(authenticator.get(await askOptions<RequestOptions>(visitor, page)))
      return {
        use: async () => hasCode(await copyOf(visitor, server.issuer).submit(page, '/passkey', { response })),
        async after() {
          const events = services.database
            .selectFrom('audit_events')
            .select('details')
            .where('person_id', '=', person.id)
          const entered = await events.where('event', '=', 'login.succeeded').execute()
          expect(entered.filter(({ details }) => details.includes('"passkey"'))).toHaveLength(1)
        },
      }
    },
  },
  {
    what: 'passkey challenge of an enrolment',
    where: 'login/methods/passkey/challenges.ts',
    async prepare({ server, services }) {
      const person = await openPerson(services)
      const phone = await signedInPhone(server.issuer, person)
      const page = await phone.get('/account/passkey/add')
      const options = await askOptions<CreationOptions>(phone, page)
      const response = JSON.stringify(new SoftwareAuthenticator(server.issuer).create(options, {}))
      return {
        use: async () =>
          (await copyOf(phone, server.issuer).submit(page, '/passkey/add', { response, copy: randomUUID() })).status ===
          200,
        after: async () => expect(await services.authenticators.list(person.id, 'passkey')).toHaveLength(1),
      }
    },
  },
  {
    what: 'challenge of a signature',
    where: 'login/methods/passkey/signing.ts',
    async prepare({ server, services }) {
      const organisation = await openOrganisation(services)
      const visitor = await signedInPhone(server.issuer, organisation.representative)
      const authenticator = new SoftwareAuthenticator(server.issuer)
      await addPasskey(visitor, authenticator)
      const handler = await openPerson(services, { name: '周小桐' })
      const asked = await inviteHandler(visitor, organisation.id, handler)
      const response = JSON.stringify(authenticator.get(await askOptions<RequestOptions>(visitor, asked)))
      return {
        use: async () =>
          (await copyOf(visitor, server.issuer).submit(asked, '/mandates/sign', { response, copy: randomUUID() }))
            .status === 200,
        async after() {
          const given = await services.database
            .selectFrom('mandates')
            .select('id')
            .where('principal_id', '=', organisation.id)
            .execute()
          expect(given).toHaveLength(1)
        },
      }
    },
  },
  {
    what: 'invitation to a mandate, with its code',
    where: 'accounts/mandates/store.ts',
    async prepare({ server, services }) {
      const organisation = await openOrganisation(services)
      const handler = await openPerson(services, { name: '周小桐' })
      const invitee = readInvitee(services.dataKeys.blindIndex, { name: '周小桐', contact: handler.phone })
      if (!invitee.ok) throw new Error('no invitee')
      const now = services.clock()
      const offered = await services.mandates.offer(
        organisation.id,
        await find(services, organisation.representative),
        {
          role: 'handler',
          matters: ['licence.read'],
          notBefore: now,
          expiresAt: now + 86_400_000,
          invitee: invitee.invitee,
        },
        { actor: 'person' },
      )
      if (!offered.ok || !offered.code) throw new Error('no code')
      const { code, mandate } = offered
      const visitor = await signedInPhone(server.issuer, handler)
      const csrf = csrfOf(await visitor.get('/account/invitations'))
      await visitor.post('/account/invitations/open', { csrf, code })
      return {
        async use() {
          const answer = await copyOf(visitor, server.issuer).post(`/account/invitations/${mandate.id}/accept`, {
            csrf,
            copy: randomUUID(),
          })
          return answer.url.pathname === `/account/organisations/${organisation.id}`
        },
      }
    },
  },
  ...(['code', 'link'] as const).map((by): OneTimeThing => ({
    what: `recovery ${by}, by eight browsers`,
    where: 'accounts/account-recovery/recover.ts',
    async prepare({ server, services }) {
      const person = await personWithCodes(services)
      const link = await services.recovery.makeLink(person.id, { counter: false }, { actor: 'administrator:test' })
      const fields = { identifier: person.username, knowledge: person.number, code: person.code(0) }
      const browsers: { visitor: Visitor; page: Page }[] = []
      for (let turn = 0; turn < atOnce; turn += 1) {
        const visitor = new Visitor(server.issuer)
        const page = await (by === 'code' ? proveBy(visitor, fields) : visitor.get(`/recover/${link?.token}`))
        browsers.push({ visitor, page })
      }
      return {
        async use(turn) {
          const { visitor, page } = browsers[turn] ?? {}
          if (!visitor || !page) throw new Error('no browser')
          const chosen = { password: newPassword, password_again: newPassword }
          return (await visitor.submit(page, '/recover/new-password', chosen)).url.pathname === '/recover/done'
        },
      }
    },
  })),
  {
    what: 'end of a registration that leads on to its portal',
    where: 'registration/new-account.ts',
    async prepare({ server, services }) {
      const portal = await registerPortal(services, { consent: 'implicit' })
      const visitor = new Visitor(server.issuer)
      const asked = await visitor.get((await portal.begin()).url)
      const page = await visitor.get(`${asked.url.pathname}/register`)
      const registered = await visitor.submit(page, '/register', {
        name: '陈小梅',
        document_type: 'resident_id',
        document_number: residentId(
          `44030019${String(10 + ((randomBytes(1)[0] ?? 0) % 90))}0${String(1 + ((randomBytes(1)[0] ?? 0) % 9))}11${String(randomBytes(2).readUInt16BE() % 1000).padStart(3, '0')}`,
        ),
        phone: '13912345679',
        username: `once${randomBytes(4).toString('hex')}`,
        password,
        password_again: password,
        consent: 'yes',
      })
      return { use: async () => hasCode(await copyOf(visitor, server.issuer).submit(registered, '/registered', {})) }
    },
  },
  {
    what: 'verification of a face',
    where: 'login/methods/face/check-store.ts',
    async prepare({ server, services }) {
      const { visitor, page } = await room(server.issuer, await photographedPerson(services))
      const asked = await visitor.submit(page, '/face/start', {})
      const capture = await visitor.submit(asked, '/face/consent', { agree: 'yes' })
      const frames = await rightFrames(capture)
      return { use: async () => (await send(copyOf(visitor, server.issuer), capture, frames)).outcome === 'passed' }
    },
  },
  {
    what: 'approval of a second administrator',
    where: 'accounts/approvals.ts',
    async prepare({ server, services }) {
      const [first, second] = [
        await letIn(server, await administrator(server, services)),
        await letIn(server, await administrator(server, services)),
      ]
      const portal = await registerPortal(services)
      const asked = await first.call('client/delete', { id: portal.clientId })
      const { request } = asked.body.document as { request: string }
      return { use: async () => (await second.call('approval/approve', { id: request })).status === 200 }
    },
  },
]
