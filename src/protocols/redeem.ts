import type { Context } from 'koa'
import { errors, type Configuration, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import type { Client } from '../clients/clients.ts'
import { registeredFor } from '../oidc/registered.ts'

/** The sign-in behind a code. It has no claims: they are read when the portal asks. */
export interface LegacyGrant {
  clientId: string
  personId: string
  grantId: string
  scope: string
  acr?: string | undefined
  amr: string[]
  /** Seconds since 1970 UTC. */
  authTime: number
  sessionUid?: string | undefined
  /** The session as this portal knows it. */
  sid?: string | undefined
  /** What `beginSignIn` gave the code to carry. */
  nonce?: string | undefined
}

export interface RedeemDeps {
  provider: Provider
  findAccount: NonNullable<Configuration['findAccount']>
  subjectOf(ctx: KoaContextWithOIDC, personId: string): string
}

/** What a portal shows for its sign-in. Without a client the code is spent, and fits nothing. */
export interface Shown {
  client: Pick<Client, 'id'> | undefined
  code: string
  /** Undefined where the protocol does not name it again. */
  redirectUri: string | undefined
  /** Whether a code of this client may be spent here. Codes of other protocols stay as they are. */
  isOwn(clientId: string): boolean | Promise<boolean>
}

/** `unknown`: also a code that was used before. `other`: it was spent, and belongs to another portal or address. */
type Found = { ok: true; grant: LegacyGrant } | { ok: false; why: 'unknown' | 'other' }

const unknown = { ok: false, why: 'unknown' } as const

/**
 * Redeems a code of oidc-provider for an old portal, inside this process. It counts once, even where it then does not
 * fit. The caller has authenticated the portal, where the protocol has a secret.
 * @param asked.redirectUri that of the sign-in, exactly; undefined for a call that names none
 */
export async function redeem({ provider }: RedeemDeps, asked: Shown): Promise<Found> {
  const { client, redirectUri, isOwn } = asked
  const code = await provider.AuthorizationCode.find(asked.code)
  if (!code) return unknown
  const { grantId, accountId, clientId = '', authTime, acr, amr = [], scope = '' } = code
  if (!(await isOwn(clientId))) return unknown
  if (!code.isValid) return unknown
  try {
    await code.consume()
  } catch (error) {
    if (error instanceof errors.InvalidGrant) return unknown
    throw error
  }
  const isOther = redirectUri !== undefined && code.redirectUri !== redirectUri
  if (clientId !== client?.id || isOther) return { ok: false, why: 'other' }
  if (grantId === undefined || accountId === undefined || authTime === undefined) return unknown
  const { sessionUid, sid, nonce } = code
  const grant = { clientId, personId: accountId, grantId, scope, acr, amr, authTime, sessionUid, sid, nonce }
  return { ok: true, grant }
}

/** The claims that a portal may read now, with its own `sub`. */
export type LegacyClaims = Readonly<Record<string, unknown>> & { sub: string }

/**
 * Reads the claims behind a grant, by the rules of userinfo: the account is active, the sign-in has not ended, the grant
 * exists, and the registration of today allows the scope. Undefined where one of them does not hold.
 */
export async function readClaims(
  { provider, findAccount, subjectOf }: RedeemDeps,
  ctx: Context,
  { clientId, personId, grantId, scope, ...signIn }: LegacyGrant,
): Promise<LegacyClaims | undefined> {
  const client = await provider.Client.find(clientId)
  const grant = await provider.Grant.find(grantId)
  if (!client || grant?.accountId !== personId || grant.clientId !== clientId) return undefined
  const given = withClient(provider, ctx, client)
  const allowed = registeredFor(client).scope(scope)
  const account = await findAccount(given, personId, { ...signIn, grantId, scope: allowed } as never)
  if (!account) return undefined
  const claims = await account.claims('userinfo', allowed, {}, [])
  return { ...claims, sub: subjectOf(given, personId) }
}

/** The budgets of portals and the claims read the client of a request here. */
export function withClient(
  provider: Provider,
  ctx: Context,
  client: NonNullable<Awaited<ReturnType<Provider['Client']['find']>>>,
): KoaContextWithOIDC {
  const oidc = new provider.OIDCContext(ctx)
  oidc.entity('Client', client)
  Object.defineProperty(ctx, 'oidc', { value: oidc, configurable: true })
  return ctx as unknown as KoaContextWithOIDC
}
