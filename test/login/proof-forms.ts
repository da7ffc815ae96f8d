import { camera, photographedPerson, rightFrames, send } from '../setup/face.ts'
import { find } from '../setup/organisation.ts'
import { addPasskey, askOptions, type CreationOptions, type RequestOptions } from '../setup/passkey.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { computerAndPhone, letIn, scan, signedInPhone } from '../setup/qr.ts'
import { SoftwareAuthenticator } from '../setup/software-authenticator.ts'
import { Visitor, type Page } from '../setup/visitor.ts'
import type { Asked, World } from './login-forms.ts'

/** The page at `/login/<id>` with the form of another answer of that login. */
const shownAt = (page: Page, { url }: Page): Page => ({ ...page, url })

const checkOf = ({ html }: Page) => ({ check: /data-check="([^"]*)"/.exec(html)?.[1] ?? '' })

async function faceOf({ services, server }: World) {
  const person = await photographedPerson(services)
  const portal = await registerPortal(services, { consent: 'implicit' })
  const visitor = new Visitor(server.issuer)
  const { url } = await portal.begin({ acr_values: 'urn:yideng:loa:4' })
  const page = await signIn(visitor, await visitor.get(url), person.username)
  return { visitor, page }
}

/** Forms of a login that carry a proof with a one-time value, and those before a face. @param kiosk a portal on kiosks */
export const proofForms = (kiosk: () => TestPortal): { form: string; ask(world: World): Promise<Asked> }[] => [
  {
    form: 'passkey',
    async ask({ server, services }) {
      const phone = await signedInPhone(server.issuer, await openPerson(services))
      const authenticator = new SoftwareAuthenticator(server.issuer)
      await addPasskey(phone, authenticator)
      const portal = await registerPortal(services, { consent: 'implicit' })
      const visitor = new Visitor(server.issuer)
      const page = await visitor.get((await portal.begin()).url)
      const response = JSON.stringify(authenticator.get(await askOptions<RequestOptions>(visitor, page)))
      return { visitor, page, step: 'passkey', fields: { response } }
    },
  },
  {
    form: 'a passkey made at the offer',
    async ask({ server, services }) {
      const person = await openPerson(services)
      const portal = await registerPortal(services, { consent: 'implicit' })
      const visitor = new Visitor(server.issuer)
      const asked = await visitor.get((await portal.begin()).url)
      await askOptions(visitor, asked, { here: 'yes' })
      const page = await signIn(visitor, asked, person.username)
      const made = new SoftwareAuthenticator(server.issuer).create(await askOptions<CreationOptions>(visitor, page))
      return { visitor, page, step: 'passkey/offer', fields: { response: JSON.stringify(made) } }
    },
  },
  {
    form: 'redemption of a QR code',
    async ask({ services }) {
      const { computer, phone } = await computerAndPhone(services)
      await letIn(phone, await scan(phone, await computer.start()), computer)
      return { visitor: computer.visitor, page: computer.page, step: 'qr/redeem', fields: { id: computer.id } }
    },
  },
  {
    form: 'start of a face',
    ask: async (world) => ({ ...(await faceOf(world)), step: 'face/start' }),
  },
  {
    form: 'consent to a face',
    async ask(world) {
      const { visitor, page } = await faceOf(world)
      const asked = await visitor.submit(page, '/face/start', {})
      return { visitor, page: shownAt(asked, page), step: 'face/consent', fields: { agree: 'yes' } }
    },
  },
  {
    form: 'a verified face',
    async ask(world) {
      const { visitor, page } = await faceOf(world)
      const capture = await camera(visitor, page)
      await send(visitor, capture, await rightFrames(capture))
      return { visitor, page: shownAt(capture, page), step: 'face/done', fields: checkOf(capture) }
    },
  },
  {
    form: 'identifier at a kiosk',
    async ask({ server, services }) {
      const { username: identifier } = await openPerson(services)
      const visitor = new Visitor(server.issuer)
      const page = await visitor.get((await kiosk().begin()).url)
      return { visitor, page, step: 'face/identify', fields: { identifier } }
    },
  },
  {
    form: 'a verified face at a kiosk',
    async ask({ server, services }) {
      const person = await photographedPerson(services)
      await services.faceConsents.give(await find(services, person), { actor: 'person' })
      const visitor = new Visitor(server.issuer)
      const page = await visitor.get((await kiosk().begin()).url)
      const ready = await visitor.submit(page, '/face/identify', { identifier: person.username })
      const capture = await visitor.submit(ready, '/face/start', {})
      await send(visitor, capture, await rightFrames(capture))
      return { visitor, page: shownAt(capture, page), step: 'face/done', fields: checkOf(capture) }
    },
  },
]
