import { errors } from 'oidc-provider'
import { covers, everything } from '../../accounts/mandates/matters.ts'
import type { Resources } from '../resources.ts'

/** The scopes of an API that these matters of a mandate allow. */
export function openScopes(resources: Resources, resource: string, matters: readonly string[]): string[] {
  const known = resources[resource]
  return Object.keys(known?.scopes ?? {}).filter((scope) => covers(matters, [known?.matters[scope] ?? everything]))
}

/**
 * The scopes that the mandates allow and the person agreed to.
 * @param asked the scope parameter; each scope in it must be allowed
 * @throws InvalidScope
 */
export function grantedScopes(
  open: readonly string[],
  asked: string | undefined,
  agreed: readonly string[] | 'all',
): string {
  const wanted = asked === undefined ? open : asked.split(' ').filter(Boolean)
  if (wanted.length === 0 || !wanted.every((scope) => open.includes(scope)))
    throw new errors.InvalidScope('more than is granted', asked ?? '')
  const given = agreed === 'all' ? wanted : wanted.filter((scope) => agreed.includes(scope))
  if (given.length === 0 || (asked !== undefined && given.length < wanted.length))
    throw new errors.InvalidScope(
      'the person has not agreed to this API: ask at the authorization endpoint',
      asked ?? '',
    )
  return [...new Set(given)].join(' ')
}
