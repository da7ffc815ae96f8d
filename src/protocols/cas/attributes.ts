import type { Attributes } from './answers.ts'

/** The claims that a portal of CAS may get as attributes, by the name that they have in OpenID Connect (docs/migrate.md). */
const ofClaims = [
  'name',
  'preferred_username',
  'gender',
  'birthdate',
  'phone_number',
  'phone_number_verified',
  'id_type',
  'id_number',
] as const

/** The members of `representee` that fit into attributes of one value. */
const ofRepresentee = ['status', 'type', 'sub', 'name', 'uscc', 'relation'] as const

/** The sign-in behind a ticket. */
export interface TicketSignIn {
  /** Seconds since 1970 UTC. */
  signedInAt: number
  acr: string
  amr: readonly string[]
  /** The person proved who they are for this ticket. */
  fresh: boolean
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined

function present(pairs: readonly (readonly [string, unknown])[]): Record<string, string> {
  const texts = pairs.flatMap(([name, value]) => {
    const text = textOf(value)
    return text === undefined ? [] : [[name, text] as const]
  })
  return Object.fromEntries(texts)
}

/**
 * The attributes of a validated ticket (CAS Protocol 3.0.3 section 2.5.7).
 * @param claims what registration and consent allow, as userinfo would give it
 */
export function attributesOf(claims: Readonly<Record<string, unknown>>, signIn: TicketSignIn): Attributes {
  const representee = (claims['representee'] ?? {}) as Readonly<Record<string, unknown>>
  return {
    authenticationDate: new Date(signIn.signedInAt * 1000).toISOString(),
    longTermAuthenticationRequestTokenUsed: 'false',
    isFromNewLogin: String(signIn.fresh),
    acr: signIn.acr,
    amr: signIn.amr,
    ...present(ofClaims.map((name) => [name, claims[name]])),
    ...present(ofRepresentee.map((name) => [`representee_${name}`, representee[name]])),
  }
}
