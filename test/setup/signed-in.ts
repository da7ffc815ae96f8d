import type { Back } from '../../src/admin/house.ts'
import { allow, openPerson, signIn } from './person.ts'
import { registerPortal } from './portal.ts'
import { Visitor } from './visitor.ts'

/** A person signed in at a portal of its own, consent given where it is asked. */
export async function signedIn(
  house: Back,
  registration: Parameters<typeof registerPortal>[1] = {},
  parameters: Record<string, string> = {},
) {
  const person = await openPerson(house)
  const portal = await registerPortal(house, { scope: 'openid profile phone', ...registration })
  const visitor = new Visitor(house.settings.issuer)
  const visit = await portal.begin(parameters)
  let page = await signIn(visitor, await visitor.get(visit.url), person.username)
  if (!page.leads) page = await allow(visitor, page)
  return { person, portal, visitor, tokens: await visit.finish(page) }
}
