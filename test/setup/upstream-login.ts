import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { matchKey } from '../../src/accounts/identifiers/names.ts'
import { afterFile } from './after-file.ts'
import { startCity, type Citizen, type City } from './city.ts'
import { residentId } from './people.ts'
import { openPerson, typePassword } from './person.ts'
import { registerPortal, type AuthorizationRequest, type TestPortal } from './portal.ts'
import { startServer } from './server.ts'
import { Visitor, type Page } from './visitor.ts'

/** A browser in the middle of a login. */
export interface UpstreamLogin {
  visitor: Visitor
  begun: AuthorizationRequest
  /** The page that it is at. */
  page: Page
  /** `/login/<attempt>`. */
  path: string
}

/** Writes the file of YIDENG_UPSTREAMS with its secret. @returns its path */
export function upstreamsFile(rows: object[], secret: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-upstreams-'))
  afterFile(() => rmSync(directory, { recursive: true, force: true }))
  writeFileSync(join(directory, 'secret'), secret)
  const file = join(directory, 'upstreams.json')
  writeFileSync(file, JSON.stringify(rows))
  return file
}

let citizens = 0

/** Three cities: `fs` and `gz` may link by number, `zh` asks only. No portal here has the upstream `hidden`. */
export async function startUpstreamLogin(settings: Record<string, string> = {}) {
  const [fs, gz, zh] = await Promise.all([startCity('fs'), startCity('gz'), startCity('zh')])
  const cities = { fs, gz, zh }
  const file = upstreamsFile(
    [fs.row(), gz.row(), zh.row({ linking: 'ask' }), fs.row({ id: 'hidden', clients: ['another'] })],
    fs.secret,
  )
  const server = await startServer({
    YIDENG_UPSTREAMS: file,
    YIDENG_ADDRESS_TRIES: '100000',
    YIDENG_ADDRESS_REGISTRATIONS: '100000',
    ...settings,
  })
  const services = await server.services()
  const portal = await registerPortal(services, { consent: 'implicit', subject_type: 'public' })
  const portal3 = await registerPortal(services, { consent: 'implicit', subject_type: 'public', min_level: 3 })

  /** A citizen with a number of their own, known by name and number to our register where `registered`. */
  async function citizen(given: Partial<Citizen> & { registered?: boolean } = {}): Promise<Citizen> {
    citizens += 1
    const { registered = false, ...claims } = given
    const serial = String(citizens).padStart(3, '0')
    const one = {
      sub: `citizen-${citizens}`,
      name: '陈大文',
      id_type: 'resident_id',
      id_number: residentId(`44030019710307${serial}`),
      acr: 'real',
      ...claims,
    }
    if (registered) await register(one.id_number, one.name)
    return one
  }

  const register = (number: string, name: string) =>
    services.database
      .transaction()
      .execute((transaction) =>
        services.register.add(transaction, [
          { documentType: 'resident_id', documentNumber: number, nameKey: matchKey(name) },
        ]),
      )

  async function begin(
    at: TestPortal = portal,
    visitor = new Visitor(server.issuer),
    asked = {},
  ): Promise<UpstreamLogin> {
    const begun = await at.begin(asked)
    const page = await visitor.get(begun.url)
    return { visitor, begun, page, path: page.url.pathname }
  }

  /** Presses the button of a city: the address of its page. */
  async function start({ visitor, path }: UpstreamLogin, city: City = fs): Promise<URL> {
    const page = await visitor.get(`${path}?way=upstream&at=${city.id}`)
    const { leads } = await visitor.submit(page, `/upstream/${city.id}/start`, {})
    if (!leads) throw new Error('the start led nowhere')
    return leads
  }

  /** The whole way to the city and back. */
  const walk = async (login: UpstreamLogin, who: Citizen, city: City = fs): Promise<Page> =>
    login.visitor.get(city.agree(await start(login, city), who))

  /** Opens an account by the page of a newcomer. */
  const open = (visitor: Visitor, page: Page, fields: Record<string, string> = {}) =>
    visitor.submit(page, '/upstream/new', { consent: 'yes', decision: 'open', ...fields })

  return {
    ...cities,
    file,
    server,
    services,
    portal,
    portal3,
    citizen,
    register,
    begin,
    start,
    walk,
    open,
    person: (given: Parameters<typeof openPerson>[1] = {}) => openPerson(services, given),
    /** Links a citizen to a person by the question after a sign-in. */
    async linked(who: Citizen, person: { username: string }, city: City = fs): Promise<void> {
      const login = await begin()
      await walk(login, who, city)
      const page = await login.visitor.get(`${login.path}?way=password`)
      const question = await typePassword(login.visitor, page, person.username)
      const done = await login.visitor.submit(question, '/upstream/answer', { decision: 'link' })
      if (!done.leads) throw new Error(`not linked:\n${done.html}`)
    },
    /** The id of the person that a page of the portal is about. */
    async subOf(login: UpstreamLogin, page: Page): Promise<string | undefined> {
      return (await login.begun.finish(page)).claims()?.sub
    },
    linkOf: (who: Citizen, city: City = fs) => services.upstreamLinks.find({ upstream: city.id, subject: who.sub }),
  }
}

export type UpstreamSetting = Awaited<ReturnType<typeof startUpstreamLogin>>
