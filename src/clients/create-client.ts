import { randomBytes } from 'node:crypto'
import type { DatabaseTransaction } from '../storage/database.ts'
import { fromRow, othersThan, type ClientRow } from './client.ts'
import type { ChangedClient, ClientsDeps } from './change-client.ts'
import { problemsOfLegacyDate } from './legacy.ts'
import { parseClientMetadata, type ClientMetadata, type FieldProblem } from './metadata.ts'
import { faultOfClientId, problemsOfNames } from './registration-rules.ts'
import { hashSecret, makeSecret, needsSecret } from './secrets.ts'

/** Registers a portal. The secret is in this answer only. */
export async function createClient(
  deps: ClientsDeps,
  input: unknown,
  actor: string,
  id = randomBytes(12).toString('hex'),
): Promise<ChangedClient> {
  const fault = faultOfClientId(id)
  if (fault !== undefined) return { ok: false, problems: [{ field: 'client_id', message: fault }] }
  const parsed = parseClientMetadata(input, deps.idTokenAlg)
  if (!parsed.ok) return parsed
  const { metadata } = parsed
  const secret = needsSecret(metadata) ? makeSecret() : undefined
  const now = deps.clock()
  const row = {
    id,
    metadata: JSON.stringify(metadata),
    secret_hash: secret ? hashSecret(secret) : null,
    status: 'active' as const,
    created_at: now,
    updated_at: now,
  }
  const sealed = { ...row, mac: deps.guard.macOf('clients', row) }
  const problems = await deps.database
    .transaction()
    .execute((transaction) => insertClient(deps, transaction, sealed, metadata, actor))
  if (problems.length > 0) return { ok: false, problems }
  deps.publish('client', id)
  return { ok: true, client: fromRow(row), ...(secret ? { secret } : {}) }
}

/** Inserts nothing where a name or date has a problem. */
async function insertClient(
  { audit, clock }: ClientsDeps,
  transaction: DatabaseTransaction,
  row: ClientRow,
  metadata: ClientMetadata,
  actor: string,
): Promise<FieldProblem[]> {
  const problems: FieldProblem[] = [
    ...problemsOfNames(metadata, undefined, await othersThan(transaction, row.id)),
    ...problemsOfLegacyDate(metadata, undefined, clock()),
  ]
  if (problems.length > 0) return problems
  await transaction.insertInto('clients').values(row).execute()
  const { name, pkce, pkce_reason, legacy, legacy_until } = metadata
  const details = {
    name,
    ...(pkce === 'off' ? { pkce, pkce_reason } : {}),
    ...(legacy === undefined ? {} : { legacy, legacy_until }),
  }
  await audit.append(transaction, { event: 'client.created', actor, clientId: row.id, details })
  return []
}
