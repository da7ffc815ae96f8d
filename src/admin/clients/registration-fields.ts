import type { Client } from '../../clients/clients.ts'
import type { FieldProblem } from '../../clients/metadata.ts'
import { legacyProtocols } from '../../config/legacy-protocols.ts'
import { libraryNames, libraryOf } from './libraries/libraries.ts'
import { iso, type Problem } from '../outcome.ts'
import type { Field, Fields, Input } from '../fields.ts'

/** The fields of a portal's registration. The rules are in src/clients/metadata.ts. */
export const registrationFields = {
  name: { type: 'text', required: true, placeholder: 'NAME', meaning: 'the name of the portal, for people' },
  organisation: { type: 'text', placeholder: 'NAME', meaning: 'the organisation that operates it' },
  region: { type: 'text', placeholder: 'CODE', meaning: 'its region (GB/T 2260), such as 440300' },
  uri: { type: 'text', placeholder: 'URI', meaning: 'its home page' },
  purpose: {
    type: 'text',
    placeholder: 'TEXT',
    meaning: 'what it uses the information for; people read it when they consent',
  },
  'privacy-uri': { type: 'text', placeholder: 'URI', meaning: 'its own privacy notice' },
  contact: { type: 'text', placeholder: 'TEXT', meaning: 'whom people ask about their information' },
  retention: { type: 'text', placeholder: 'TEXT', meaning: 'how long it keeps the information, such as "30 天"' },
  colour: { type: 'text', placeholder: 'COLOUR', meaning: 'its colour, such as #1a5fa8; white text lies on it' },
  type: {
    type: 'text',
    choices: ['web', 'native', 'spa', 'service'],
    meaning:
      'web: has a server; native: an app; spa: runs only in the browser; service: no people, only APIs. Default: web',
  },
  'auth-method': {
    type: 'text',
    choices: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    meaning: 'how it authenticates; default: client_secret_basic for web and service, none for native and spa',
  },
  'redirect-uri': { type: 'list', placeholder: 'URI', meaning: 'address to return to after a sign-in' },
  'post-logout-redirect-uri': {
    type: 'list',
    placeholder: 'URI',
    meaning: 'address to return to after a sign-out',
  },
  'backchannel-logout-uri': {
    type: 'text',
    placeholder: 'URI',
    meaning: 'receives a logout token when a session ends',
  },
  jwks: { type: 'json', placeholder: 'FILE', meaning: 'its public keys, as a JSON Web Key Set, for private_key_jwt' },
  'jwks-uri': { type: 'text', placeholder: 'URI', meaning: 'or where they are published' },
  scope: {
    type: 'text',
    words: true,
    placeholder: '"SCOPES"',
    meaning: 'scopes it may request: openid, profile, phone, identity, representee, offline_access; default: openid',
  },
  resource: {
    type: 'list',
    placeholder: 'URI',
    meaning: 'an API that it may request access tokens for (config/resources.json)',
  },
  'min-level': {
    type: 'number',
    choices: ['2', '3', '4'],
    default: 2,
    meaning: 'minimum level of a sign-in: 2 self-asserted, 3 real name, 4 real person',
  },
  'subject-type': {
    type: 'text',
    choices: ['pairwise', 'public'],
    default: 'pairwise',
    meaning: 'pairwise: another sub in each sector; public: the same sub at every portal',
  },
  sector: { type: 'text', placeholder: 'URI', meaning: 'address whose host the pairwise subs are made for' },
  consent: {
    type: 'text',
    choices: ['ask', 'implicit'],
    default: 'ask',
    meaning: 'ask: people consent before it gets their data; implicit: the law already allows it',
  },
  representee: {
    type: 'text',
    choices: ['optional', 'required'],
    default: 'optional',
    meaning: 'with scope representee; required: a sign-in must be on behalf of an organisation or a relative',
  },
  upstream: {
    type: 'text',
    placeholder: 'ID|none',
    meaning:
      'the upstream of its people: first on its sign-in page, and opened at once for requests with idp_hint=ID; none: no such upstream',
  },
  network: {
    type: 'list',
    placeholder: 'CIDR',
    meaning:
      'network of its kiosks, such as 10.3.0.0/16: a sign-in by face alone works only there; default: everywhere. With legacy: network of its servers',
  },
  legacy: {
    type: 'text',
    choices: legacyProtocols,
    meaning: 'the old protocol that it speaks instead of OpenID Connect: tif (OAuth2 of a province) or cas',
  },
  'legacy-until': {
    type: 'text',
    placeholder: 'YYYY-MM-DD',
    meaning: 'the last day of the old protocol, at most three years ahead; needed with --legacy',
  },
  'id-token-alg': {
    type: 'text',
    choices: ['ES256', 'RS256', 'SGD_SM3_SM2'],
    meaning:
      'signature algorithm of ID tokens; SGD_SM3_SM2: also of logout and access tokens, keys at /jwks-gm. ' +
      'Default: RS256 for web, ES256 for the others (YIDENG_ID_TOKEN_ALG)',
  },
  'sm2-signature': {
    type: 'text',
    choices: ['raw', 'der'],
    meaning:
      'with SGD_SM3_SM2: raw: r and s of 32 bytes each, as in every JWS; der: for libraries that expect it. Default: raw',
  },
  pkce: {
    type: 'text',
    choices: ['required', 'or-nonce', 'off'],
    meaning:
      'required: every sign-in has PKCE; or-nonce: PKCE or a nonce; off: neither. Default: or-nonce with a secret or key, else required',
  },
  reason: { type: 'text', placeholder: 'TEXT', meaning: 'why neither PKCE nor a nonce is needed, for --pkce off' },
  profile: {
    type: 'text',
    choices: ['fapi2', 'none'],
    meaning: 'fapi2: FAPI 2.0 Security Profile (needs private_key_jwt); none: take it back',
  },
  'claims-in-id-token': {
    type: 'boolean',
    meaning: 'the ID token has the claims of the scopes, for libraries that read nothing else',
  },
  'previous-sub': {
    type: 'boolean',
    meaning: 'previous_sub names the accounts that a person merged into theirs, as this portal knew them',
  },
  'legacy-level4': {
    type: 'boolean',
    meaning: 'level 4 over an old protocol, which proves no key; needed for --legacy with --min-level 4',
  },
} as const satisfies Fields

/** Of `client update` and `client import`. */
export const forceField = {
  type: 'boolean',
  meaning: 'also what changes every sub at the portal (sector, host, subject type)',
} as const satisfies Field

/** Of `client create` only. */
export const libraryField = {
  type: 'text',
  choices: libraryNames,
  meaning: 'its library or product; sets what that needs where no flag does, and prints its configuration',
} as const satisfies Field

const metadataNames: Record<string, string> = {
  'redirect-uri': 'redirect_uris',
  'post-logout-redirect-uri': 'post_logout_redirect_uris',
  resource: 'resources',
  network: 'networks',
  reason: 'pkce_reason',
}

const metadataName = (field: string) => metadataNames[field] ?? field.replaceAll('-', '_')
const fieldNames = Object.keys(registrationFields)

/** The given fields, under their names in the metadata, with those that the library needs. */
export function metadataOf(input: Input): Record<string, unknown> {
  const isGiven = (field: string) => input[field] !== undefined && input[field] !== false
  const given = fieldNames.filter(isGiven)
  const entries = given.map((field) => [metadataName(field), input[field]] as const)
  return { ...libraryOf(input['for'])?.registers, ...Object.fromEntries(entries) }
}

/** The registration fields for a change: optional and without defaults. A switch gets its opposite. */
export const changeFields: Fields = {
  ...Object.fromEntries(
    Object.entries<Field>(registrationFields).map(([name, { required: _r, default: _d, ...field }]) => [name, field]),
  ),
  'no-claims-in-id-token': { type: 'boolean', meaning: 'take --claims-in-id-token back' },
  'no-previous-sub': { type: 'boolean', meaning: 'take --previous-sub back' },
  'no-legacy-level4': { type: 'boolean', meaning: 'take --legacy-level4 back' },
}

const isEmpty = (value: unknown) => value === '' || (Array.isArray(value) && value.every((one) => one === ''))

/** The changed metadata. An empty value removes the field; jwks and jwks_uri replace each other. */
export function changesOf(input: Input): Record<string, unknown> {
  const changes = metadataOf(input)
  for (const [field, value] of Object.entries(input)) {
    if (isEmpty(value) && field !== 'name') changes[metadataName(field)] = undefined
  }
  if (input['no-claims-in-id-token']) changes['claims_in_id_token'] = undefined
  if (input['no-previous-sub']) changes['previous_sub'] = undefined
  if (input['no-legacy-level4']) changes['legacy_level4'] = undefined
  if ('legacy' in changes) {
    // each protocol has its own way to authenticate
    if (input['auth-method'] === undefined) changes['auth_method'] = undefined
    if (changes['legacy'] === undefined) Object.assign(changes, { legacy_until: undefined, legacy_level4: undefined })
  }
  if ('pkce' in changes && changes['pkce'] !== 'off' && !changes['pkce_reason']) changes['pkce_reason'] = undefined
  const alg = changes['id_token_alg']
  if (alg !== undefined && alg !== 'SGD_SM3_SM2' && !changes['sm2_signature']) changes['sm2_signature'] = undefined
  const method = input['auth-method']
  const withoutKeys = method !== undefined && method !== 'private_key_jwt'
  const replaced = { jwks: 'jwks_uri', jwks_uri: 'jwks' }
  for (const [field, other] of Object.entries(replaced)) {
    if ((changes[field] !== undefined || withoutKeys) && !(other in changes)) changes[other] = undefined
  }
  return changes
}

const maxEchoLength = 200

/** Metadata problems with the names of the command's fields, and with the given value. */
export function problemsAsGiven(problems: FieldProblem[], input: Input): Problem[] {
  return problems.map(({ field: path, message }) => {
    const [name, index] = path.split('.')
    const field = fieldNames.find((one) => metadataName(one) === name)
    if (!field) return { field: path, message }
    const given = input[field]
    const value = Array.isArray(given) && index !== undefined ? given[Number(index)] : given
    const shown = typeof value === 'string' && value !== '' ? `${JSON.stringify(value.slice(0, maxEchoLength))} ` : ''
    return { field, message: message.startsWith('"') ? message : shown + message }
  })
}

/** A registration as a document, without the secret and its hash. */
export function registrationOf(client: Client) {
  const { id, status, secretHash: _hash, createdAt, updatedAt, scope, ...metadata } = client
  return {
    client_id: id,
    ...metadata,
    scope: scope.join(' '),
    status,
    created_at: iso(createdAt),
    updated_at: iso(updatedAt),
  }
}
