import { errors, type AccessToken, type KoaContextWithOIDC } from 'oidc-provider'
import type { Representation } from '../../accounts/mandates/representations.ts'
import type { NaturalPersons } from '../../accounts/natural-persons.ts'
import { isEnded } from '../../accounts/sign-in-endings.ts'
import type { Representees } from '../../representation/representees.ts'
import { representeeScope } from '../../representation/selection.ts'
import { signInOf } from '../claims.ts'

export interface SubjectTokenDeps {
  persons: NaturalPersons
  representees: Representees
}

export interface Subject {
  personId: string
  token: AccessToken
  acting: Representation & { granted: NonNullable<Representation['granted']> }
}

/**
 * The person and the principal of the subject token.
 * @throws InvalidRequest with the same text for each token that is not valid, so a caller learns no reason
 */
export async function readSubjectToken(
  { persons, representees }: SubjectTokenDeps,
  { oidc }: KoaContextWithOIDC,
  value: string,
): Promise<Subject> {
  const { provider, client } = oidc
  const refused = () =>
    new errors.InvalidRequest('subject_token is not a valid access token of this portal for a representee')
  const token = await provider.AccessToken.find(value)
  if (!token || token.clientId !== client?.clientId || !token.accountId) throw refused()
  if (token.isSenderConstrained() || token.aud !== undefined || !token.scopes.has(representeeScope)) throw refused()
  const grant = await provider.Grant.find(token.grantId)
  if (!grant || grant.accountId !== token.accountId || grant.clientId !== token.clientId) throw refused()
  const person = await persons.find(token.accountId)
  const signIn = signInOf(token)
  if (person?.status !== 'active' || !signIn || isEnded(person.endings, signIn)) throw refused()
  const acting = await representees.actingBy(token.grantId, token.accountId)
  if (acting === 'ended' || !acting?.granted) throw refused()
  return { personId: token.accountId, token, acting: { ...acting, granted: acting.granted } }
}
