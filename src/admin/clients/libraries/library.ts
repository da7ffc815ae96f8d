import type { ClientInput } from '../../../clients/metadata.ts'

/** What a configuration of a library is made from. */
export interface Values {
  issuer: string
  clientId: string
  /** Empty for a portal without one. */
  secret: string
  /** Empty for a service. */
  redirectUri: string
  /** Where a sign-out returns to; undefined: not registered. */
  afterLogout: string | undefined
  scope: readonly string[]
  alg: string
  authMethod: string
  /** The API that an access token is for. */
  api: string
}

/** A library or product, as a portal uses it. */
export interface Library {
  /** Fields of the registration that differ from the usual ones. A flag of the command counts more. */
  registers: Omit<Partial<ClientInput>, 'name' | 'redirect_uris'>
  /** Its configuration, ready to paste. */
  configuration(values: Values): string
}

/** A text of JSON, JavaScript, Java, Python, Go, Rust, TOML and YAML alike. */
export const quoted = (text: string) => JSON.stringify(text)

/** One word of a shell. */
export const shellWord = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`

/** The portal's own origin. */
export const originOf = ({ redirectUri }: Values) => URL.parse(redirectUri)?.origin ?? ''

export const isHttp = (address: string) => address.startsWith('http:')
