import { randomUUID } from 'node:crypto'
import { startFake, type FakeAnswer } from './fake-server.ts'
import type { FakePerson } from './tif.ts'

/** A CAS server (CAS Protocol 3.0.3). A ticket counts once, for its service; without a visitor it sends browsers back. */
export async function startCas() {
  const tickets = new Map<string, { person: FakePerson; service: string; fresh: boolean }>()
  let visitor: FakePerson | undefined
  let asksAgain = false

  function validate(given: URLSearchParams): FakeAnswer {
    const asJson = given.get('format') === 'JSON'
    const ticket = given.get('ticket') ?? ''
    const found = tickets.get(ticket)
    tickets.delete(ticket)
    const stale = found?.fresh === false && given.get('renew') === 'true'
    const code =
      !found || stale ? 'INVALID_TICKET' : found.service === given.get('service') ? undefined : 'INVALID_SERVICE'
    if (!found || code !== undefined)
      return asJson ? json({ authenticationFailure: { code, description: 'no' } }) : xmlFailure(code ?? '')
    return asJson ? json({ authenticationSuccess: success(found.person) }) : xmlSuccess(found.person)
  }

  const fake = await startFake(({ path, given }) => {
    if (path === '/cas/login') {
      const service = given.get('service') ?? ''
      if (!visitor) return { status: 302, location: service }
      const ticket = `ST-${randomUUID()}`
      tickets.set(ticket, { person: visitor, service, fresh: asksAgain && given.get('renew') === 'true' })
      const back = new URL(service)
      back.searchParams.set('ticket', ticket)
      return { status: 302, location: back.href }
    }
    return path === '/cas/p3/serviceValidate' ? validate(given) : { status: 404 }
  })
  return {
    ...fake,
    /** The person of every browser that comes. */
    visitedBy: (person: FakePerson | undefined) => void (visitor = person),
    /** Whether it asks the visitor again where `renew` is true; else it remembers them. */
    asksAgain: (on: boolean) => void (asksAgain = on),
  }
}

const attributesOf = ({ name, number, phone, level }: FakePerson) => ({
  name,
  id_type: 'resident_id',
  id_number: number,
  phone_number: phone,
  acr: level,
})

const json = (response: object): FakeAnswer => ({ body: JSON.stringify({ serviceResponse: response }) })

/** Apereo writes each attribute as a list. */
const success = (person: FakePerson) => ({
  user: person.subject,
  attributes: Object.fromEntries(Object.entries(attributesOf(person)).map(([name, value]) => [name, [value]])),
})

const escaped = (text: string) =>
  text.replaceAll(/[<>&"']/g, (sign) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&#034;' })[sign] ?? '&#039;')

const xml = (inner: string): FakeAnswer => ({
  type: 'application/xml',
  body: `<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">\n${inner}\n</cas:serviceResponse>\n`,
})

const xmlFailure = (code: string) =>
  xml(` <cas:authenticationFailure code="${code}">\n  no\n </cas:authenticationFailure>`)

const xmlSuccess = (person: FakePerson) =>
  xml(` <cas:authenticationSuccess>
  <cas:user>${escaped(person.subject)}</cas:user>
  <cas:attributes>
   <cas:isFromNewLogin>true</cas:isFromNewLogin>
${Object.entries(attributesOf(person))
  .map(([name, value]) => `   <cas:${name}>${escaped(value)}</cas:${name}>`)
  .join('\n')}
  </cas:attributes>
 </cas:authenticationSuccess>`)

/** A row of YIDENG_UPSTREAMS for it. */
export const casRow = (cas: { url: string }, format: 'json' | 'xml') => ({
  id: `cas-${format}`,
  kind: 'cas',
  name: '某市统一认证',
  addresses: { login: `${cas.url}/cas/login`, validate: `${cas.url}/cas/p3/serviceValidate` },
  levels: { L2: 3 },
  options: { format },
})
