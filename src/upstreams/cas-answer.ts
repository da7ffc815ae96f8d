import { valueAt } from './identity.ts'
import { parseAnswer } from './upstream-call.ts'
import type { UpstreamFailure } from './upstream-client.ts'
import { readXml, type XmlElement } from './xml-answer.ts'

/** What a CAS server says about a ticket: the user with the attributes, or why not. */
export type CasAnswer = { success: CasSuccess } | { failure: UpstreamFailure }

export interface CasSuccess {
  user: unknown
  /** A value that came once is itself, not a list. */
  attributes: Readonly<Record<string, unknown>>
}

/** CAS Protocol 3.0.3, 2.5.3; the last one is Apereo's. */
const failures: Readonly<Record<string, UpstreamFailure>> = {
  INVALID_TICKET: 'code_refused',
  INVALID_TICKET_SPEC: 'code_refused',
  // the ticket belongs to another service
  INVALID_SERVICE: 'code_refused',
  INVALID_REQUEST: 'misconfigured',
  UNAUTHORIZED_SERVICE: 'misconfigured',
  UNAUTHORIZED_SERVICE_PROXY: 'misconfigured',
  INTERNAL_ERROR: 'unavailable',
}

const failureOf = (code: unknown): CasAnswer => ({
  failure: (typeof code === 'string' && Object.hasOwn(failures, code) && failures[code]) || 'answer_invalid',
})

const invalid: CasAnswer = { failure: 'answer_invalid' }

/** Reads an answer in JSON (CAS Protocol 3.0.3, 2.5.2). */
export function readCasJson(text: string): CasAnswer {
  const response = valueAt(parseAnswer(text), 'serviceResponse')
  const success = valueAt(response, 'authenticationSuccess')
  const failure = valueAt(response, 'authenticationFailure')
  if ((success === undefined) === (failure === undefined)) return invalid
  if (success === undefined) return failureOf(valueAt(failure, 'code'))
  // a proxy holds such a ticket, not the browser of the person
  if (isSet(valueAt(success, 'proxies'))) return invalid
  const attributes = valueAt(success, 'attributes') ?? {}
  if (typeof attributes !== 'object' || Array.isArray(attributes)) return invalid
  return { success: { user: valueAt(success, 'user'), attributes: singled(Object.entries(attributes)) } }
}

const isSet = (value: unknown) => value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)

/** Servers write a list of one value for a value. */
const singled = (entries: [string, unknown][]) =>
  Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) && value.length === 1 ? value[0] : value]),
  )

const namespace = 'http://www.yale.edu/tp/cas'

/** Reads an answer in XML (CAS Protocol 3.0.3, appendix A). An element that comes twice, other than an attribute, spoils it. */
export function readCasXml(text: string): CasAnswer {
  const root = readXml(text.trim())
  if (!root) return invalid
  const [, prefix = ''] = /^(\w+:)?serviceResponse$/.exec(root.name) ?? []
  const declared = root.attributes.get(prefix === '' ? 'xmlns' : `xmlns:${prefix.slice(0, -1)}`)
  const [only] = root.children
  if (root.name !== `${prefix}serviceResponse` || declared !== namespace || !only || root.children.length > 1)
    return invalid
  if (only.name === `${prefix}authenticationFailure`) return failureOf(only.attributes.get('code'))
  if (only.name !== `${prefix}authenticationSuccess`) return invalid
  const parts = Map.groupBy(only.children, ({ name }) => name.slice(prefix.length))
  const [user] = parts.get('user') ?? []
  const isUsual = [...parts].every(([name, all]) => all.length === 1 && usualParts.has(name))
  if (!user || user.children.length > 0 || !isUsual) return invalid
  const attributes = attributesOf(parts.get('attributes')?.[0], prefix)
  return attributes ? { success: { user: user.text, attributes } } : invalid
}

/** Not `proxies`: a proxy holds such a ticket, not the browser of the person. */
const usualParts = new Set(['user', 'attributes'])

/** Each by its name, a repeated one as a list. */
function attributesOf(element: XmlElement | undefined, prefix: string): Record<string, unknown> | undefined {
  const children = element?.children ?? []
  if (children.some(({ name, children: inner }) => !name.startsWith(prefix) || inner.length > 0)) return undefined
  const texts = Map.groupBy(children, ({ name }) => name.slice(prefix.length))
  return singled([...texts].map(([name, all]) => [name, all.map(({ text }) => text)]))
}
