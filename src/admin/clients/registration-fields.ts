import type { Client } from '../../clients/clients.ts'
import type { FieldProblem } from '../../clients/metadata.ts'
import { iso, type Problem } from '../outcome.ts'
import type { Field, Fields, Input } from '../fields.ts'

/** What a portal is registered with (src/clients/metadata.ts holds the rules), as an administrator gives it. */
export const registrationFields = {
  name: { type: 'text', required: true, placeholder: 'NAME', meaning: 'what people call the portal' },
  organisation: { type: 'text', placeholder: 'NAME', meaning: 'who runs it' },
  region: { type: 'text', placeholder: 'CODE', meaning: 'its region (GB/T 2260), such as 440300' },
  uri: { type: 'text', placeholder: 'URI', meaning: 'its home page' },
  type: {
    type: 'text',
    choices: ['web', 'native', 'spa', 'service'],
    default: 'web',
    meaning: 'web: has a server; native: an app; spa: runs in the browser only; service: no people, only APIs',
  },
  'auth-method': {
    type: 'text',
    choices: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    meaning: 'how it proves who it is; without this, client_secret_basic for web and service, none for native and spa',
  },
  'redirect-uri': { type: 'list', placeholder: 'URI', meaning: 'where people come back to after signing in' },
  'post-logout-redirect-uri': {
    type: 'list',
    placeholder: 'URI',
    meaning: 'where people come back to after signing out',
  },
  'backchannel-logout-uri': { type: 'text', placeholder: 'URI', meaning: 'is told when a session ends' },
  jwks: { type: 'json', placeholder: 'FILE', meaning: 'its public keys, as a JSON Web Key Set, for private_key_jwt' },
  'jwks-uri': { type: 'text', placeholder: 'URI', meaning: 'or where they are published' },
  scope: {
    type: 'text',
    default: 'openid',
    placeholder: '"SCOPES"',
    meaning: 'what it may ask for: openid, profile, phone, identity, representee, offline_access',
  },
  resource: {
    type: 'list',
    placeholder: 'URI',
    meaning: 'an API it may ask access tokens for (config/resources.json)',
  },
  'min-level': {
    type: 'number',
    choices: ['2', '3', '4'],
    default: 2,
    meaning: 'least level a sign-in needs: 2 self-asserted, 3 real name, 4 real person',
  },
  'subject-type': {
    type: 'text',
    choices: ['pairwise', 'public'],
    default: 'pairwise',
    meaning: 'pairwise: people have another sub at each sector; public: the same everywhere',
  },
  sector: { type: 'text', placeholder: 'URI', meaning: 'address whose host the pairwise subs are made for' },
  consent: {
    type: 'text',
    choices: ['ask', 'implicit'],
    default: 'ask',
    meaning: 'ask: people agree before it gets their data; implicit: the law already allows it',
  },
  representee: {
    type: 'text',
    choices: ['optional', 'required'],
    default: 'optional',
    meaning: 'with scope representee; required: people come in only for an organisation or a relative they act for',
  },
  network: {
    type: 'list',
    placeholder: 'CIDR',
    meaning:
      'where its kiosks stand, such as 10.3.0.0/16: one signs in by face alone from there only; else from anywhere',
  },
  'id-token-alg': {
    type: 'text',
    choices: ['ES256', 'RS256'],
    default: 'ES256',
    meaning: 'what ID tokens are signed with',
  },
} as const satisfies Fields

const several: Record<string, string> = {
  'redirect-uri': 'redirect_uris',
  'post-logout-redirect-uri': 'post_logout_redirect_uris',
  resource: 'resources',
  network: 'networks',
}

const metadataName = (field: string) => several[field] ?? field.replaceAll('-', '_')
const fieldNames = Object.keys(registrationFields)

/** The given fields under the names of the metadata. */
export function metadataOf(input: Input): Record<string, unknown> {
  const given = fieldNames.filter((field) => input[field] !== undefined)
  return Object.fromEntries(given.map((field) => [metadataName(field), input[field]]))
}

/** The registration fields for a change: none is needed, none has a default. */
export const changeFields: Fields = Object.fromEntries(
  Object.entries<Field>(registrationFields).map(([name, { required: _r, default: _d, ...field }]) => [name, field]),
)

const isEmpty = (value: unknown) => value === '' || (Array.isArray(value) && value.every((one) => one === ''))

/** What a change asks for: an empty value takes the field away, and one way to give keys takes the place of the other. */
export function changesOf(input: Input): Record<string, unknown> {
  const changes = metadataOf(input)
  for (const [field, value] of Object.entries(input)) {
    if (isEmpty(value) && field !== 'name') changes[metadataName(field)] = undefined
  }
  const method = input['auth-method']
  const withoutKeys = method !== undefined && method !== 'private_key_jwt'
  const replaced = { jwks: 'jwks_uri', jwks_uri: 'jwks' }
  for (const [field, other] of Object.entries(replaced)) {
    if ((changes[field] !== undefined || withoutKeys) && !(other in changes)) changes[other] = undefined
  }
  return changes
}

const longestEcho = 200

/** Problems of the metadata under the names of the fields they were given by, with the value where there is one to show. */
export function problemsAsGiven(problems: FieldProblem[], input: Input): Problem[] {
  return problems.map(({ field: path, message }) => {
    const [name, index] = path.split('.')
    const field = fieldNames.find((one) => metadataName(one) === name)
    if (!field) return { field: path, message }
    const given = input[field]
    const value = Array.isArray(given) && index !== undefined ? given[Number(index)] : given
    const shown = typeof value === 'string' && value !== '' ? `${JSON.stringify(value.slice(0, longestEcho))} ` : ''
    return { field, message: message.startsWith('"') ? message : shown + message }
  })
}

/** A registration as it is answered: no hash, no secret. */
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
