/** The answers of ticket validation (CAS Protocol 3.0.3 sections 2.4.2 and 2.5.7). We write XML and never read any. */

export type FailureCode = 'INVALID_REQUEST' | 'INVALID_TICKET' | 'INVALID_SERVICE' | 'INTERNAL_ERROR'

export type Attributes = Readonly<Record<string, string | readonly string[]>>

export interface Success {
  /** The pairwise `sub`. */
  user: string
  /** Undefined: the answer of CAS 2.0, without attributes. */
  attributes: Attributes | undefined
}

export interface Failure {
  code: FailureCode
  /** For the engineer of the portal. */
  description: string
}

export type Outcome = Success | Failure

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Characters that XML 1.0 does not have (section 2.2), lone surrogates too. */
const notXml = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu

/** Text as the content of an element or attribute of XML 1.0. */
export const escapeXml = (text: string): string =>
  text.replace(notXml, '\ufffd').replace(/[&<>"']/g, (sign) => entities[sign] ?? sign)

const element = (name: string, content: string) => `<cas:${name}>${content}</cas:${name}>`

const valuesOf = (value: string | readonly string[]) => (typeof value === 'string' ? [value] : value)

function successXml({ user, attributes }: Success): string {
  const listed = Object.entries(attributes ?? {}).flatMap(([name, value]) =>
    valuesOf(value).map((one) => element(name, escapeXml(one))),
  )
  const inner = attributes === undefined ? '' : element('attributes', listed.join(''))
  return element('authenticationSuccess', element('user', escapeXml(user)) + inner)
}

const failureXml = ({ code, description }: Failure): string =>
  `<cas:authenticationFailure code="${code}">${escapeXml(description)}</cas:authenticationFailure>`

/** The XML of an outcome. Attribute names are ours (attributes.ts); every value is escaped. */
export const xmlAnswer = (outcome: Outcome): string =>
  `<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">${
    'code' in outcome ? failureXml(outcome) : successXml(outcome)
  }</cas:serviceResponse>`

/** The same as a JSON document (section 2.5.7, `format=JSON`). */
export const jsonAnswer = (outcome: Outcome): object => ({
  serviceResponse: 'code' in outcome ? { authenticationFailure: outcome } : { authenticationSuccess: outcome },
})

/** The answer of CAS 1.0 (section 2.4.2). */
export const plainAnswer = (outcome: Outcome): string => ('code' in outcome ? 'no\n\n' : `yes\n${outcome.user}\n`)
