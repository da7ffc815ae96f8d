import type { Attempt } from '../../../attempt.ts'
import type { QrTransaction } from '../states.ts'

type Requested = Pick<QrTransaction, 'clientId' | 'domain' | 'level' | 'scopes' | 'claims' | 'legalPerson'>

/** What the portal asks for, as the phone shows it. */
export function requestedBy(attempt: Attempt): Requested {
  const { client, params, needed } = attempt
  return {
    clientId: client.id,
    domain: URL.parse(String(params['redirect_uri']))?.host ?? '',
    level: needed,
    scopes: words(params['scope']),
    claims: claimsOf(attempt),
    legalPerson: asksLegalPerson(attempt),
  }
}

const words = (value: unknown) => (typeof value === 'string' ? value.split(' ').filter(Boolean) : [])

/** Single attributes of the parameter `claims` (OIDC Core 5.5); it was checked when the login began. */
function claimsOf({ params }: Attempt): string[] {
  const { claims } = params
  if (typeof claims !== 'string') return []
  const { id_token: idToken, userinfo } = JSON.parse(claims) as Record<
    'id_token' | 'userinfo',
    object | null | undefined
  >
  return [...new Set([...Object.keys(idToken ?? {}), ...Object.keys(userinfo ?? {})])]
}

/** DESIGN 1.4: how a request asks for a legal person to be acted for. */
function asksLegalPerson({ params }: Attempt): boolean {
  const asked = new Set([...words(params['scope']), ...words(params['prompt'])])
  return params['representee_hint'] !== undefined || asked.has('representee') || asked.has('select_representee')
}
