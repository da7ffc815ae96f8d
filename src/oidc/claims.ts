import { createHash } from 'node:crypto'
import type { Account, Configuration, KoaContextWithOIDC } from 'oidc-provider'
import { isPseudonym, parseDocument } from '../accounts/identifiers/documents.ts'
import { isHeld, type NaturalPerson, type NaturalPersons } from '../accounts/natural-persons.ts'
import type { PhoneProofs } from '../accounts/phone-proofs.ts'
import { levelOf, signInCounts, type AuthenticationContext } from '../assurance/levels.ts'
import type { Clock } from '../config/clock.ts'
import { scopeClaims } from './claim-table.ts'
import { registrationOf } from './client-registrations.ts'
import { registeredFor } from './registered.ts'
import type { RepresenteeClaim } from '../representation/representee-claim.ts'
import type { Representees } from '../representation/representees.ts'
import { representeeScope } from '../representation/selection.ts'

/** Claims about the sign-in or the record. The consent page does not list them. */
const technical = new Set([
  'sub',
  'acr',
  'amr',
  'auth_time',
  'updated_at',
  'phone_number_verified',
  'sid',
  'iss',
  'previous_sub',
])

/** Claims that the consent page marks as sensitive. */
export const sensitiveClaims: ReadonlySet<string> = new Set(['id_number', 'id_type', 'phone_number'])

export const claimsConfiguration: NonNullable<Configuration['claims']> = { ...scopeClaims, sid: null, iss: null }

const attributes = Object.entries(scopeClaims).flatMap(([scope, claims]) =>
  claims.filter((claim) => !technical.has(claim)).map((claim) => ({ claim, scope })),
)

/** The attributes behind scopes and single claims, in the order of `scopeClaims`. */
export function attributesOf(scopes: readonly string[], claims: readonly string[]): string[] {
  const wanted: string[] = []
  for (const { claim, scope } of attributes) {
    if (scopes.includes(scope) || claims.includes(claim)) wanted.push(claim)
  }
  return wanted
}

/**
 * A name for products that need a user name (OpenID Connect Core section 5.1). It is made of the `sub`, so it is as stable,
 * and another one at each portal. It fits the rules of common systems: lower-case, a letter first, at most 32 characters.
 * @internal
 */
export const preferredUsername = (subject: string): string =>
  `u${createHash('sha256').update(`preferred_username\0${subject}`).digest('hex').slice(0, 31)}`

class PersonClaims {
  readonly #persons: NaturalPersons
  readonly #person: NaturalPerson
  readonly #clock: Clock
  #document: ReturnType<typeof parseDocument> | undefined
  readonly phone_number_verified: boolean

  constructor(persons: NaturalPersons, person: NaturalPerson, clock: Clock, phoneProven: boolean) {
    this.#persons = persons
    this.#person = person
    this.#clock = clock
    this.phone_number_verified = phoneProven
  }

  /** Opens the number once, for all claims of it. */
  #read() {
    this.#document ??= this.#parse()
    return this.#document.ok ? this.#document.document : undefined
  }
  #parse(): ReturnType<typeof parseDocument> {
    const { id_type: type, id_number: number } = this
    if (type === undefined || number === undefined) return { ok: false, problem: 'document_number_required' }
    return parseDocument({ type, number, today: new Date(this.#clock()) })
  }

  get name() {
    return this.#persons.open(this.#person, 'name')
  }
  get gender() {
    return this.#read()?.gender
  }
  get birthdate() {
    return this.#read()?.birthDate
  }
  get updated_at() {
    return Math.floor(this.#person.row.updated_at / 1000)
  }
  get phone_number() {
    // an account that an upstream opened may have none
    return this.#persons.open(this.#person, 'phone') || undefined
  }
  get id_type() {
    const { document_type: type } = this.#person.row
    return isPseudonym(type) ? undefined : type
  }
  get id_number() {
    return this.id_type && this.#persons.open(this.#person, 'document_number')
  }
}

/** The claims of a person for userinfo and ID token. Each sealed field is opened only when it is read. */
export function personClaims(
  persons: NaturalPersons,
  person: NaturalPerson,
  clock: Clock,
  phoneProven = false,
): Readonly<Record<string, unknown>> {
  return new PersonClaims(persons, person, clock, phoneProven) as unknown as Readonly<Record<string, unknown>>
}

/** Whether a proof of the person's number counts now. */
const isPhoneProven = async (
  { persons, phoneProofs }: Pick<FindAccountDeps, 'persons' | 'phoneProofs'>,
  person: NaturalPerson,
) => (await phoneProofs.find({ personId: person.id, phone: persons.open(person, 'phone') })) !== undefined

/** Claims that the ID token contains even if the portal can call userinfo: a portal must not overlook them. */
const inIdToken = new Set(['representee'])

interface SignInSource {
  loginTs?: number
  authTime?: number
  iat?: number
  /** Of a session; `sessionUid` of a code or token. */
  uid?: string
  sessionUid?: string
  acr?: string
  amr?: string[]
}

/** The sign-in behind a session or token. An access token knows only its own time. */
export function signInOf(source: object | undefined): AuthenticationContext | undefined {
  const { loginTs, authTime, iat, uid, sessionUid, acr, amr } = (source ?? {}) as SignInSource
  const at = loginTs ?? authTime ?? iat
  return at === undefined ? undefined : { at, sessionUid: sessionUid ?? uid, level: levelOf(acr) ?? 2, amr: amr ?? [] }
}

export interface FindAccountDeps {
  persons: NaturalPersons
  phoneProofs: Pick<PhoneProofs, 'find'>
  /** May return a state of a moment ago. */
  findPerson(id: string): Promise<NaturalPerson | undefined>
  /** Ids of the accounts that this person merged into theirs, as far as the portal knew them. */
  knownBefore(personId: string, clientId: string): Promise<string[]>
  representees: Representees
  representeeClaim: RepresenteeClaim
  /** The `sub` of a person at the portal of this request. */
  subjectOf(ctx: KoaContextWithOIDC, personId: string): string
  clock: Clock
}

/**
 * For oidc-provider's `findAccount`. Codes, refreshes and userinfo all call it before they consume a token.
 * It finds no account that is inactive, whose sign-in has ended, or whose mandate for a principal is over.
 */
export function createFindAccount(deps: FindAccountDeps): NonNullable<Configuration['findAccount']> {
  const { persons, findPerson, representees, representeeClaim, clock } = deps
  return async (ctx, id, token): Promise<Account | undefined> => {
    const person = await findPerson(id)
    if (person?.status !== 'active') return undefined
    const signIn = signInOf(token ?? ctx.oidc.session)
    if (signIn && !signInCounts({ signIn, endings: person.endings, held: isHeld(person, clock()) })) {
      return undefined
    }
    const { grantId, scope: given = '' } = (token ?? {}) as { grantId?: string; scope?: string }
    const speaks = grantId !== undefined && given.split(' ').includes(representeeScope)
    const acting = speaks ? await representees.actingBy(grantId, id) : undefined
    if (acting === 'ended') return undefined
    return {
      accountId: id,
      async claims(use, scope, claims) {
        // if the portal can call userinfo, scopes are answered there and the ID token stays small (OIDC Core 5.4)
        const { client } = ctx.oidc
        const whole = client !== undefined && registrationOf(client).claims_in_id_token
        const userinfoAnswers = use === 'id_token' && !whole && !ctx.oidc.entities.AccessToken?.aud
        const registered = registeredFor(ctx.oidc.client ?? {})
        const asked = attributesOf(registered.scopes(scope.split(' ')), registered.claims(Object.keys(claims)))
        const always = userinfoAnswers ? [] : registered.claims(['updated_at', 'phone_number_verified'])
        const proven = always.includes('phone_number_verified') && (await isPhoneProven(deps, person))
        const all = personClaims(persons, person, clock, proven)
        const ofPortal: Record<string, (() => unknown) | undefined> = {
          representee: () => representeeClaim(ctx, acting),
          preferred_username: () => preferredUsername(deps.subjectOf(ctx, id)),
        }
        const answer: Record<string, unknown> & { sub: string } = { sub: id }
        for (const name of always) answer[name] = all[name]
        for (const name of asked) {
          if (userinfoAnswers && !inIdToken.has(name) && !(name in claims)) continue
          const value = ofPortal[name]?.() ?? all[name]
          if (value !== undefined) answer[name] = value
        }
        const previous =
          client && registrationOf(client).previous_sub ? await deps.knownBefore(id, client.clientId) : []
        if (previous.length > 0) answer['previous_sub'] = previous.map((before) => deps.subjectOf(ctx, before))
        return answer
      },
    }
  }
}
