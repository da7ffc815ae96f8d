import { openPerson } from './person.ts'
import { registerPortal, type TestPortal } from './portal.ts'
import { csrfOf } from './room.ts'
import { startSmsServer } from './sms-server.ts'
import { Visitor, type Page } from './visitor.ts'

export type TextLogin = Awaited<ReturnType<Awaited<ReturnType<typeof startTextLogin>>['typePhone']>>

/** A server that sends codes by text, two portals, and the steps of a sign-in by text. One portal needs level 3. */
export async function startTextLogin(settings: Record<string, string> = {}) {
  const { gateway, server, services } = await startSmsServer(settings)
  const portal = await registerPortal(services, { consent: 'implicit', name: '深圳市政务服务网' })
  const strict = await registerPortal(services, { consent: 'implicit', min_level: 3 })

  /** A person whose number is proven. */
  async function proven(overrides: Parameters<typeof openPerson>[1] = {}) {
    const person = await openPerson(services, overrides)
    const proof = { personId: person.id, phone: `+86${person.phone}`, how: 'sms' } as const
    await services.database
      .transaction()
      .execute((within) => services.phoneProofs.record(within, proof, { actor: 'x' }))
    return person
  }

  async function begin(at: TestPortal = portal) {
    const visitor = new Visitor(server.issuer)
    const begun = await at.begin()
    const page = await visitor.get(begun.url)
    return { visitor, begun, path: page.url.pathname }
  }

  async function typePhone(phone: string, at: TestPortal = portal) {
    const login = await begin(at)
    const asked = await login.visitor.submit(await login.visitor.get(`${login.path}/sms`), '/sms', { phone })
    return { ...login, asked }
  }

  const typeCode = ({ visitor, path }: { visitor: Visitor; path: string }, page: Page, code: string) =>
    visitor.post(`${path}/sms/code`, { csrf: csrfOf(page), code })

  return {
    server,
    services,
    gateway,
    portal,
    strict,
    proven,
    begin,
    typePhone,
    typeCode,
    /** The next text after `since` texts to this number. */
    textTo: (phone: string, since = 0) => gateway.textTo(`+86${phone}`, since),
    textsTo: (phone: string) => gateway.received.filter(({ to }) => to === `+86${phone}`).length,
  }
}
