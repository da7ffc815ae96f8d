import type { Back } from '../../src/admin/house.ts'
import { mandate, openOrganisation } from './organisation.ts'
import { openPerson, signIn } from './person.ts'
import type { registerPortal } from './portal.ts'
import { Visitor } from './visitor.ts'

/** A handler of an organisation, signed in for it at a portal that needs no consent. */
export async function acting(
  house: Back,
  portal: Awaited<ReturnType<typeof registerPortal>>,
  given: Parameters<typeof mandate>[4] = {},
) {
  const organisation = await openOrganisation(house)
  const handler = await openPerson(house, { name: '周小桐' })
  const held = await mandate(house, organisation.id, organisation.representative, handler, given)
  const visitor = new Visitor(house.settings.issuer)
  const visit = await portal.begin()
  const page = await signIn(visitor, await visitor.get(visit.url), handler.username)
  const tokens = await visit.finish(await visitor.submit(page, '/representee', { representee: organisation.id }))
  return { organisation, handler, mandate: held, visitor, tokens }
}
