import type { Services } from '../../src/services.ts'
import { mandate, openOrganisation } from './organisation.ts'
import { openPerson, signIn } from './person.ts'
import type { registerPortal } from './portal.ts'
import { Visitor } from './visitor.ts'

/** Signs a handler in for an organisation, at a portal that asks for no consent. */
export async function acting(
  services: Services,
  portal: Awaited<ReturnType<typeof registerPortal>>,
  given: Parameters<typeof mandate>[4] = {},
) {
  const organisation = await openOrganisation(services)
  const handler = await openPerson(services, { name: '周小桐' })
  const held = await mandate(services, organisation.id, organisation.representative, handler, given)
  const visitor = new Visitor(services.settings.issuer)
  const begun = await portal.begin()
  const page = await signIn(visitor, await visitor.get(begun.url), handler.username)
  const tokens = await begun.finish(await visitor.submit(page, '/representee', { representee: organisation.id }))
  return { organisation, handler, mandate: held, visitor, tokens }
}
