import type { Account, Configuration } from 'oidc-provider'
import { parseDocument } from '../accounts/identifiers/documents.ts'
import type { NaturalPerson, NaturalPersons } from '../accounts/natural-persons.ts'
import type { Clock } from '../config/clock.ts'

/** Scope → claims (DESIGN 1.4). Consent page, discovery and tokens are made from this one table. */
export const scopeClaims: Record<string, string[]> = {
  openid: ['sub', 'acr', 'amr', 'auth_time'],
  profile: ['name', 'gender', 'birthdate', 'updated_at'],
  phone: ['phone_number', 'phone_number_verified'],
  identity: ['id_type', 'id_number'],
}

/** Claims about how, not who: no attribute a person is asked about. */
const technical = new Set(['sub', 'acr', 'amr', 'auth_time', 'updated_at', 'phone_number_verified', 'sid', 'iss'])

/** Claims that need a second look before they are given. */
export const sensitiveClaims: ReadonlySet<string> = new Set(['id_number', 'id_type', 'phone_number'])

export const claimsConfiguration: NonNullable<Configuration['claims']> = { ...scopeClaims, sid: null, iss: null }

/** The attributes behind scopes and single claims, in the order of the table above. */
export function attributesOf(scopes: Iterable<string>, claims: Iterable<string>): string[] {
  const wanted = new Set([...[...scopes].flatMap((scope) => scopeClaims[scope] ?? []), ...claims])
  return Object.values(scopeClaims)
    .flat()
    .filter((claim) => wanted.has(claim) && !technical.has(claim))
}

/** The claims of a person, as userinfo and ID token give them. Only an account in good standing has any. */
export function personClaims(persons: NaturalPersons, person: NaturalPerson, clock: Clock) {
  const { name, phone, documentType, documentNumber } = persons.reveal(person)
  const parsed = parseDocument({ type: documentType, number: documentNumber, today: new Date(clock()) })
  const { gender, birthDate } = parsed.ok ? parsed.document : {}
  return {
    name,
    ...(gender ? { gender } : {}),
    ...(birthDate ? { birthdate: birthDate } : {}),
    updated_at: Math.floor(person.row.updated_at / 1000),
    phone_number: phone,
    phone_number_verified: false,
    id_type: documentType,
    id_number: documentNumber,
  }
}

/** What oidc-provider asks for an account: none is found that is not active. */
export function createFindAccount(persons: NaturalPersons, clock: Clock): NonNullable<Configuration['findAccount']> {
  return async (_ctx, id): Promise<Account | undefined> => {
    const person = await persons.find(id)
    if (person?.status !== 'active') return undefined
    return {
      accountId: id,
      async claims(_use, scope, claims) {
        const personal = attributesOf(scope.split(' '), Object.keys(claims)).length > 0
        return { ...(personal ? personClaims(persons, person, clock) : {}), sub: id }
      },
    }
  }
}
