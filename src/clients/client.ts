import type { Selectable } from 'kysely'
import type { RowGuard } from '../keys/row-guard.ts'
import type { Database } from '../storage/database.ts'
import type { Tables } from '../storage/schema.ts'
import { parseClientMetadata, type ClientMetadata, type UsualIdTokenAlg } from './metadata.ts'

/** A portal as registered. Only the hash of its secret is stored. */
export interface Client extends ClientMetadata {
  id: string
  status: 'active' | 'suspended'
  secretHash: string | null
  /** Milliseconds since 1970 UTC. */
  createdAt: number
  updatedAt: number
  /** Names in other languages; only the account centre has these. */
  names?: Readonly<Record<string, string>>
  /** The administrators' command line alone: device flow (RFC 8628), sign-in by passkey only, tokens bound to a key. */
  administers?: true
}

/** Common metadata of Yideng's own clients (src/oidc, src/account-centre), which are in no table. */
export const ownClientDefaults = {
  auth_method: 'none',
  post_logout_redirect_uris: [],
  consent: 'implicit',
  representee: 'optional',
  id_token_alg: 'ES256',
  pkce: 'required',
  claims_in_id_token: false,
  previous_sub: false,
  legacy_level4: false,
  sector_rule: 'host',
  resources: [],
  status: 'active',
  secretHash: null,
  createdAt: 0,
  updatedAt: 0,
} satisfies Partial<Client>

/** Parses a changed registration by the same rules as a new one. */
export function metadataAfter(before: Client, changes: Record<string, unknown>, usualAlg: UsualIdTokenAlg) {
  const { id: _id, status: _s, secretHash: _h, createdAt: _c, updatedAt: _u, ...metadata } = before
  return parseClientMetadata({ ...metadata, scope: metadata.scope.join(' '), ...changes }, usualAlg)
}

/** A registration of an earlier version has none of these. Until then PKCE was required, and sectors had ports. */
const fieldsOfLaterVersions = {
  pkce: 'required',
  claims_in_id_token: false,
  previous_sub: false,
  legacy_level4: false,
  sector_rule: 'host',
} as const

export type ClientRow = Selectable<Tables['clients']>

export function fromRow(row: Omit<ClientRow, 'mac'>): Client {
  const metadata = { ...fieldsOfLaterVersions, ...(JSON.parse(row.metadata) as ClientMetadata) }
  const { id, status, secret_hash: secretHash, created_at: createdAt, updated_at: updatedAt } = row
  return { ...metadata, id, status, secretHash, createdAt, updatedAt }
}

export function isReadable(row: ClientRow): boolean {
  try {
    return fromRow(row).redirect_uris.length >= 0
  } catch {
    return false
  }
}

/** The registration as it is stored; undefined also where another program changed it (row-guard.ts). */
export async function findRow(guard: RowGuard, within: Database, id: string): Promise<ClientRow | undefined> {
  const row = await within.selectFrom('clients').selectAll().where('id', '=', id).executeTakeFirst()
  return row && guard.mayUse('clients', row) ? row : undefined
}

/** All registrations, oldest first. */
export const readRows = (within: Database): Promise<ClientRow[]> =>
  within.selectFrom('clients').selectAll().orderBy('created_at').orderBy('id').execute()

/** Other readable registrations, which a name must not be confused with. */
export const othersThan = async (within: Database, id: string): Promise<Client[]> =>
  (await readRows(within)).filter((row) => row.id !== id && isReadable(row)).map(fromRow)
