import type { Services } from '../../src/services.ts'
import { allow, openPerson, signIn } from './person.ts'
import { registerPortal } from './portal.ts'
import { Visitor } from './visitor.ts'

/** A person signed in at a portal of its own, consent given where it is asked. */
export async function signedIn(
  services: Services,
  registration: Parameters<typeof registerPortal>[1] = {},
  parameters: Record<string, string> = {},
  who: Parameters<typeof openPerson>[1] = {},
) {
  const person = await openPerson(services, who)
  const portal = await registerPortal(services, { scope: 'openid profile phone', ...registration })
  const visitor = new Visitor(services.settings.issuer)
  const begun = await portal.begin(parameters)
  let page = await signIn(visitor, await visitor.get(begun.url), person.username)
  if (!page.leads) page = await allow(visitor, page)
  return { person, portal, visitor, tokens: await begun.finish(page) }
}
