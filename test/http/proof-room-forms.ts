import { camera, photographedPerson, recoveringByFace, rightFrames, room, send } from '../setup/face.ts'
import { addPasskey, askOptions, type RequestOptions } from '../setup/passkey.ts'
import { computerAndPhone, look, scan } from '../setup/qr.ts'
import { SoftwareAuthenticator } from '../setup/software-authenticator.ts'
import { Visitor } from '../setup/visitor.ts'
import { type World, type RoomForm, byScript } from './form-world.ts'

async function faceRoom({ server, services }: World) {
  return room(server.issuer, await photographedPerson(services))
}

const faceRecovery = async ({ server, services }: World) =>
  recoveringByFace(new Visitor(server.issuer), await photographedPerson(services))

export const phoneForms: RoomForm[] = [
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

export const faceForms: RoomForm[] = [
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
  {
    route: 'POST /recover/face/identify',
    leads: /^\/recover\/face\/ready$/,
    async fill({ server, services }) {
      const visitor = new Visitor(server.issuer)
      const { username, number } = await photographedPerson(services)
      const fields = { identifier: username, document_number: number }
      return { visitor, page: await visitor.get('/recover/face'), action: '/identify', fields }
    },
  },
  {
    route: 'POST /recover/face/consent',
    leads: /^\/recover\/face\/consent$/,
    async fill(world) {
      const { visitor } = await faceRecovery(world)
      return { visitor, page: await visitor.get('/recover/face/ready'), action: '/consent', fields: { agree: 'yes' } }
    },
  },
  {
    route: 'POST /recover/face/start',
    leads: /^\/recover\/face\/start$/,
    fill: async (world) => ({ ...(await faceRecovery(world)), action: '/start' }),
  },
  {
    route: 'POST /recover/face/done',
    leads: /^\/recover\/new-password$/,
    async fill(world) {
      const { visitor, page } = await faceRecovery(world)
      await send(visitor, page, await rightFrames(page))
      return { visitor, page, action: '/face/done' }
    },
  },
]
