import type { Services } from '../../src/services.ts'
import { addPasskey } from '../setup/passkey.ts'
import { openPerson } from '../setup/person.ts'
import { signedInPhone } from '../setup/qr.ts'
import { csrfOf } from '../setup/room.ts'
import type { RunningServer } from '../setup/server.ts'
import { SoftwareAuthenticator } from '../setup/software-authenticator.ts'
import type { Page, Visitor } from '../setup/visitor.ts'

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

export type Person = Awaited<ReturnType<typeof openPerson>>

export const fresh = { password: '换了一个很长的新密码 2026', password_again: '换了一个很长的新密码 2026' }

export async function at({ server, services }: World, path: string, person?: Person) {
  const visitor = await signedInPhone(server.issuer, person ?? (await openPerson(services)))
  return { visitor, page: await visitor.get(path) }
}

/** A browser that is signed in, while another session of its person runs. */
export async function secondSession(world: World) {
  const person = await openPerson(world.services)
  await at(world, '/account', person)
  return at(world, '/account/sessions', person)
}

/** A form that this page shows in another state only. */
export function byScript({ visitor, page }: Omit<Filled, 'action'>, action: string): Filled {
  const html = `<form action="${action}"><input type="hidden" name="csrf" value="${csrfOf(page)}"></form>`
  return { visitor, page: { ...page, html }, action }
}

export async function withPasskey({ server, services }: World, person?: Person) {
  const owner = person ?? (await openPerson(services))
  const visitor = await signedInPhone(server.issuer, owner)
  const authenticator = new SoftwareAuthenticator(server.issuer)
  await addPasskey(visitor, authenticator)
  const [passkey] = await services.authenticators.list(owner.id, 'passkey')
  return { visitor, authenticator, path: `/account/passkey/${passkey?.id}` }
}
