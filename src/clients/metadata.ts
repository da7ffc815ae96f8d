import { z } from 'zod'
import { legacyProtocols } from '../config/legacy-protocols.ts'
import { networkSchema } from '../config/networks.ts'
import { isRegion } from '../config/regions.ts'
import { upstreamId } from '../config/upstream-id.ts'
import { normaliseShownName } from '../text/shown-names.ts'
import { holdsShapeless } from '../text/visible.ts'
import { legacyProblems, methodOf } from './legacy.ts'
import { faultOfJwks, faultOfLink, faultOfRedirectUri, faultOfWebUri } from './registration-rules.ts'
import { faultOfColour } from '../text/colours.ts'
import { sectorsOfRedirects } from './sector.ts'

/** For an app whose scanner approves logins by QR code (DESIGN 1.4). */
export const scannerScope = 'qr'

/** Scopes a portal may be registered for (DESIGN 1.4). */
export const knownScopes = [
  'openid',
  'profile',
  'phone',
  'identity',
  'representee',
  scannerScope,
  'offline_access',
] as const

const types = ['web', 'native', 'spa', 'service'] as const
const authMethods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'] as const

const oneOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, { error: `must be one of: ${values.join(', ')}` })

const words = (what: string) =>
  z
    .string()
    .trim()
    .min(1, `must say ${what}`)
    .max(60, 'must not be longer than 60 characters')
    .regex(/^[^\p{C}<>]*$/u, 'has control characters or angle brackets')
    .transform(normaliseShownName)

/** A sentence or two that pages show as it is. */
const sentence = (what: string, most: number) =>
  z
    .string()
    .trim()
    .min(1, `must say ${what}`)
    .max(most, `must not be longer than ${most} characters`)
    .regex(/^[^\p{C}<>]*$/u, 'has control characters or angle brackets')

/** White text lies on it (WCAG 2.2, 1.4.3). */
const colour = z
  .string()
  .toLowerCase()
  .superRefine((value, context) => {
    const fault = faultOfColour(value)
    if (fault) context.addIssue({ code: 'custom', message: fault })
  })

const addressBy = (faultOf: (value: string) => string | undefined) =>
  z.string().superRefine((value, context) => {
    const fault = faultOf(value)
    if (fault) context.addIssue({ code: 'custom', message: fault })
  })

/** What this server asks or compares. */
const webUri = addressBy(faultOfWebUri)
/** What a person opens. */
const link = addressBy(faultOfLink)

const uris = z.array(z.string()).max(20, 'has more than 20 addresses').default([])

const scope = z
  .string()
  .default('openid')
  .transform((text) => [...new Set(text.split(' ').filter(Boolean))])
  .superRefine((scopes, context) => {
    const unknown = scopes.filter((one) => !knownScopes.includes(one as (typeof knownScopes)[number]))
    if (unknown.length > 0) {
      const message = `does not know ${unknown.join(', ')}: choose from ${knownScopes.join(', ')}`
      context.addIssue({ code: 'custom', message })
    }
  })

const shape = z.strictObject({
  name: words('what people call the portal'),
  organisation: words('who runs the portal').optional(),
  region: z.string().refine(isRegion, 'is not a known region code (GB/T 2260), such as 440300').optional(),
  uri: link.optional(),
  /** What it does with the information (PIPL articles 14 and 17); shown at consent and in the account centre. */
  purpose: sentence('what the information is used for', 200).optional(),
  /** Its own privacy notice (PIPL article 17). */
  privacy_uri: link.optional(),
  /** The contact for questions about the information (PIPL articles 17 and 23). */
  contact: sentence('whom people ask: a telephone number or an address', 100).optional(),
  /** How long it keeps the information (PIPL article 17), such as 30 天. */
  retention: sentence('how long the information is kept', 60).optional(),
  /** Its own colour, for its chip. */
  colour: colour.optional(),
  type: oneOf(types).default('web'),
  auth_method: oneOf(authMethods).optional(),
  redirect_uris: uris,
  post_logout_redirect_uris: uris,
  backchannel_logout_uri: webUri.optional(),
  jwks: z
    .unknown()
    .refine((keys) => !holdsShapeless(keys), 'has control, format or direction characters')
    .optional(),
  jwks_uri: webUri.optional(),
  scope,
  min_level: z.union([z.literal(2), z.literal(3), z.literal(4)], { error: 'must be 2, 3 or 4' }).default(2),
  subject_type: oneOf(['pairwise', 'public']).default('pairwise'),
  sector: webUri.refine((uri) => uri.startsWith('https:'), 'must begin with https://').optional(),
  /** Of the redirect addresses: `host` with its port, as before version 0.2. */
  sector_rule: oneOf(['hostname', 'host']).default('hostname'),
  consent: oneOf(['ask', 'implicit']).default('ask'),
  /** `required`: people sign in only on behalf of an organisation or relative. */
  representee: oneOf(['optional', 'required']).default('optional'),
  /** Of ID, logout and JWT access tokens; for SM2 (GM/T 0125.2) never two for one portal. */
  id_token_alg: oneOf(['ES256', 'RS256', 'SGD_SM3_SM2']).optional(),
  /** With SGD_SM3_SM2: `r ‖ s` as in every JWS, or DER for libraries that expect it. Undefined: raw. */
  sm2_signature: oneOf(['raw', 'der']).optional(),
  /** RFC 7636, RFC 9700 section 2.1.1. Public clients always need PKCE. */
  pkce: oneOf(['required', 'or-nonce', 'off']).optional(),
  /** Why a client needs neither PKCE nor a nonce. */
  pkce_reason: words('why neither PKCE nor a nonce is needed').optional(),
  /** FAPI 2.0 Security Profile: pushed requests, DPoP, the issuer as the only assertion audience, no refresh rotation. */
  profile: oneOf(['fapi2', 'none'])
    .transform((profile) => (profile === 'none' ? undefined : profile))
    .optional(),
  /** For libraries that read only the ID token: it has the claims of the granted scopes. */
  claims_in_id_token: z.boolean().default(false),
  /** `previous_sub` names the accounts that a person merged into theirs, as this portal knew them. */
  previous_sub: z.boolean().default(false),
  /** Its upstream: first on its sign-in page, and gone to at once where a request names it in `idp_hint`. */
  upstream: z
    .string()
    .regex(upstreamId, 'must be the id of an upstream, or none')
    .transform((id) => (id === 'none' ? undefined : id))
    .optional(),
  resources: z.array(webUri).max(20).default([]),
  /** Networks of its kiosks (src/login/methods/face/kiosk.ts). Of an old portal: of its servers (src/protocols). */
  networks: z
    .array(z.string().refine((text) => networkSchema.safeParse(text).success, 'is no network such as 10.3.0.0/16'))
    .max(50, 'has more than 50 networks')
    .optional(),
  /** The old protocol that it speaks instead of OpenID Connect (src/protocols). */
  legacy: oneOf(legacyProtocols).optional(),
  /** The last day of that protocol, in China. */
  legacy_until: z.iso.date('must be a day such as 2027-12-31').optional(),
  /** Level 4 over a protocol that proves no key. */
  legacy_level4: z.boolean().default(false),
})

export type ClientInput = z.input<typeof shape>
type Given = z.output<typeof shape>
/** Fields whose default depends on other fields. */
type Settled = 'auth_method' | 'id_token_alg' | 'pkce'
export type ClientMetadata = Omit<Given, Settled> & { [F in Settled]: NonNullable<Given[F]> }

/** The algorithm of ID tokens for new portals that name none; undefined: by their type (`YIDENG_ID_TOKEN_ALG`). */
export type UsualIdTokenAlg = ClientMetadata['id_token_alg'] | undefined

/** A refused field of a registration, and how to correct it. */
export interface FieldProblem {
  field: string
  message: string
}

type Parsed = { ok: true; metadata: ClientMetadata } | { ok: false; problems: FieldProblem[] }

/** Checks a whole registration. Each problem names its field and the correction. */
export function parseClientMetadata(input: unknown, usualAlg?: UsualIdTokenAlg): Parsed {
  const parsed = shape.safeParse(input)
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ code, path, message, ...issue }) => {
      const unknown = code === 'unrecognized_keys' ? (issue as { keys: string[] }).keys[0] : undefined
      if (unknown) return { field: unknown, message: 'is not something a portal is registered with' }
      return { field: path.join('.'), message }
    })
    return { ok: false, problems }
  }
  const metadata = settle(parsed.data, usualAlg)
  const problems = [
    ...uriProblems(metadata),
    ...authenticationProblems(metadata),
    ...protectionProblems(metadata),
    ...scopeProblems(metadata),
    ...legacyProblems(metadata),
    ...signatureProblems(metadata),
  ]
  return problems.length > 0 ? { ok: false, problems } : { ok: true, metadata }
}

/** RS256 for web portals: the default of OpenID Connect (Core 15.1), and what their libraries expect. */
const algOfType = (type: Given['type']) => (type === 'web' ? 'RS256' : 'ES256')

function settle(given: Given, usualAlg: UsualIdTokenAlg): ClientMetadata {
  const { type, profile, legacy } = given
  const usual = type === 'web' || type === 'service' ? 'client_secret_basic' : 'none'
  const auth_method = given.auth_method ?? (legacy === undefined ? usual : methodOf(legacy))
  const needsPkce = profile === 'fapi2' || auth_method === 'none'
  const pkce = needsPkce && given.pkce !== 'off' ? 'required' : (given.pkce ?? 'or-nonce')
  const id_token_alg = given.id_token_alg ?? (profile === 'fapi2' ? 'ES256' : (usualAlg ?? algOfType(type)))
  return { ...given, auth_method, pkce, id_token_alg }
}

function uriProblems(client: ClientMetadata): FieldProblem[] {
  const problems: FieldProblem[] = []
  for (const field of ['redirect_uris', 'post_logout_redirect_uris'] as const) {
    const values = client[field]
    for (const value of values) {
      const fault = faultOfRedirectUri(value, client.type)
      if (fault) problems.push({ field, message: `${JSON.stringify(value.slice(0, 200))} ${fault}` })
    }
    if (new Set(values).size < values.length) problems.push({ field, message: 'names the same address twice' })
  }
  if (client.type === 'service') {
    if (client.redirect_uris.length > 0) {
      problems.push({ field: 'redirect_uris', message: 'must be left out: a service signs nobody in' })
    }
  } else if (client.redirect_uris.length === 0) {
    problems.push({ field: 'redirect_uris', message: 'needs at least one address people come back to' })
  }
  if (client.subject_type === 'pairwise' && sectorsOfRedirects(client).length > 1 && !client.sector) {
    const message = 'is needed because the redirect URIs have several hosts: name the address the subjects are made for'
    problems.push({ field: 'sector', message })
  }
  return problems
}

function authenticationProblems(client: ClientMetadata): FieldProblem[] {
  const { auth_method: method, jwks, jwks_uri } = client
  if (client.type === 'service' && method === 'none') {
    return [{ field: 'auth_method', message: 'must not be none: a service has to prove who it is' }]
  }
  if (method !== 'private_key_jwt') {
    if (jwks === undefined && jwks_uri === undefined) return []
    return [{ field: 'auth_method', message: 'must be private_key_jwt when jwks or jwks_uri is given' }]
  }
  if ((jwks === undefined) === (jwks_uri === undefined)) {
    return [{ field: 'jwks', message: 'is needed for private_key_jwt: give either jwks or jwks_uri' }]
  }
  const fault = jwks === undefined ? undefined : faultOfJwks(jwks)
  return fault ? [{ field: 'jwks', message: fault }] : []
}

/** RFC 7636, RFC 9700 section 2.1.1, FAPI 2.0 Security Profile sections 5.3.2.1 and 5.4. */
function protectionProblems(client: ClientMetadata): FieldProblem[] {
  const problems: FieldProblem[] = []
  const { pkce, pkce_reason: reason, profile, auth_method: method } = client
  if (pkce === 'off' && method === 'none') {
    problems.push({ field: 'pkce', message: 'must not be off: a portal without a secret always needs PKCE' })
  } else if (pkce === 'off' && profile === 'fapi2') {
    problems.push({ field: 'pkce', message: 'must not be off: profile fapi2 always needs PKCE' })
  } else if (pkce === 'off' && reason === undefined) {
    problems.push({
      field: 'pkce_reason',
      message: 'is needed for pkce off: say why it needs neither PKCE nor a nonce',
    })
  }
  if (pkce !== 'off' && reason !== undefined) {
    problems.push({ field: 'pkce_reason', message: 'must be left out: it belongs to pkce off' })
  }
  return profile === 'fapi2' ? [...problems, ...fapi2Problems(client)] : problems
}

function fapi2Problems({ auth_method: method, id_token_alg: alg, jwks }: ClientMetadata): FieldProblem[] {
  const problems: FieldProblem[] = []
  if (method !== 'private_key_jwt') {
    problems.push({ field: 'auth_method', message: 'must be private_key_jwt for profile fapi2' })
  }
  if (alg !== 'ES256') problems.push({ field: 'id_token_alg', message: 'must be ES256 for profile fapi2' })
  const { keys = [] } = (jwks ?? {}) as { keys?: unknown }
  const refused = Array.isArray(keys) && (keys as ({ alg?: unknown } | null)[]).some((key) => key?.alg === 'RS256')
  if (refused) {
    problems.push({ field: 'jwks', message: 'has a key for RS256: profile fapi2 takes ES256, PS256 and EdDSA' })
  }
  return problems
}

const signatureProblems = ({ id_token_alg: alg, sm2_signature: encoding }: ClientMetadata): FieldProblem[] =>
  encoding === undefined || alg === 'SGD_SM3_SM2'
    ? []
    : [{ field: 'sm2_signature', message: 'must be left out: it belongs to id_token_alg SGD_SM3_SM2' }]

function scopeProblems(client: ClientMetadata): FieldProblem[] {
  if (client.type === 'service') {
    const personal = client.scope.filter((one) => one !== 'openid')
    if (personal.length === 0) return []
    return [{ field: 'scope', message: `must not hold ${personal.join(', ')}: a service has no person to ask` }]
  }
  if (!client.scope.includes('openid')) return [{ field: 'scope', message: 'must hold openid' }]
  if (client.representee === 'optional' || client.scope.includes('representee')) return []
  return [{ field: 'scope', message: 'must hold representee where one is required' }]
}
