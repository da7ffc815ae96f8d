import type { AuditLog } from '../audit/audit-log.ts'
import type { AuditEventName } from '../audit/audit-events.ts'
import type { Clock } from '../config/clock.ts'
import type { RowGuard } from '../keys/row-guard.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import type { Publish } from '../storage/events.ts'
import type { Tables } from '../storage/schema.ts'
import { findRow, fromRow, isReadable, metadataAfter, othersThan, type Client, type ClientRow } from './client.ts'
import { problemsOfLegacyDate } from './legacy.ts'
import type { FieldProblem, UsualIdTokenAlg } from './metadata.ts'
import { problemsOfNames } from './registration-rules.ts'
import { hashSecret, makeSecret, needsSecret } from './secrets.ts'

export interface ClientsDeps {
  database: Database
  guard: RowGuard
  audit: AuditLog
  publish: Publish
  clock: Clock
  idTokenAlg: UsualIdTokenAlg
}

/** `secret` where a new one was made. */
export type ChangedClient = { ok: true; client: Client; secret?: string } | { ok: false; problems: FieldProblem[] }

/** Not shown in the audit log: hashes, and keys, which are long. The audit log has the names of changed fields. */
const notShown = new Set(['secretHash', 'jwks', 'createdAt'])

/** Changed fields with their values before and after. Without `after` (a deleted portal): all fields before. */
function difference(before: Client, after: Partial<Client> = {}) {
  const names = Object.keys({ ...before, ...after }) as (keyof Client)[]
  const differs = (name: keyof Client) => JSON.stringify(before[name]) !== JSON.stringify(after[name])
  const changed = names.filter((name) => name !== 'updatedAt' && differs(name))
  const shown = changed.filter((name) => !notShown.has(name))
  return { changed, before: JSON.stringify(before, shown), after: JSON.stringify(after, shown) }
}

/** A registration in the transaction that read it. */
interface Stored {
  transaction: DatabaseTransaction
  row: ClientRow
}

/** Reads, changes and audits in one transaction; a refused change writes nothing. Undefined where there is no such portal. */
async function change(
  { database, guard, audit, publish }: ClientsDeps,
  id: string,
  about: { event: AuditEventName; actor: string },
  apply: (client: Client, stored: Stored) => Promise<ChangedClient>,
): Promise<ChangedClient | undefined> {
  const changed = await database.transaction().execute(async (transaction) => {
    const row = await findRow(guard, transaction, id)
    if (!row) return undefined
    const before = fromRow(row)
    const result = await apply(before, { transaction, row })
    if (result.ok) {
      const details = difference(before, result.client)
      await audit.append(transaction, { ...about, clientId: id, details })
    }
    return result
  })
  if (changed?.ok) publish('client', id)
  return changed
}

/** Writes columns with the seal of the row that was read. A row that another program changed since has a wrong seal. */
async function write(
  { guard, clock }: ClientsDeps,
  { transaction, row }: Stored,
  columns: Partial<Pick<Tables['clients'], 'metadata' | 'secret_hash' | 'status'>>,
): Promise<Client> {
  const changed = { ...columns, updated_at: clock() }
  const after = { ...row, ...changed }
  await transaction
    .updateTable('clients')
    .set({ ...changed, mac: guard.macOf('clients', after) })
    .where('id', '=', row.id)
    .execute()
  return fromRow(after)
}

export const updateClient = (deps: ClientsDeps, id: string, changes: Record<string, unknown>, actor: string) =>
  change(deps, id, { event: 'client.updated', actor }, async (before, stored): Promise<ChangedClient> => {
    const parsed = metadataAfter(before, changes, deps.idTokenAlg)
    if (!parsed.ok) return parsed
    const problems: FieldProblem[] = [
      ...problemsOfNames(parsed.metadata, before, await othersThan(stored.transaction, id)),
      ...problemsOfLegacyDate(parsed.metadata, before, deps.clock()),
    ]
    if (problems.length > 0) return { ok: false, problems }
    const secret = needsSecret(parsed.metadata) && !before.secretHash ? makeSecret() : undefined
    const secretHash = needsSecret(parsed.metadata) ? (secret ? hashSecret(secret) : before.secretHash) : null
    const columns = { metadata: JSON.stringify(parsed.metadata), secret_hash: secretHash }
    return { ok: true, client: await write(deps, stored, columns), ...(secret ? { secret } : {}) }
  })

export const rotateSecret = (deps: ClientsDeps, id: string, actor: string) =>
  change(deps, id, { event: 'client.secret-rotated', actor }, async (before, stored): Promise<ChangedClient> => {
    if (!needsSecret(before)) {
      const message = `is ${before.auth_method}: this portal has no secret to rotate`
      return { ok: false, problems: [{ field: 'auth_method', message }] }
    }
    const secret = makeSecret()
    return { ok: true, client: await write(deps, stored, { secret_hash: hashSecret(secret) }), secret }
  })

export const setClientStatus = (deps: ClientsDeps, id: string, status: Client['status'], actor: string) =>
  change(
    deps,
    id,
    { event: status === 'active' ? 'client.resumed' : 'client.suspended', actor },
    async (_before, stored): Promise<ChangedClient> => ({
      ok: true,
      client: await write(deps, stored, { status }),
    }),
  )

/** Deletes also a registration that is damaged or was changed by another program. False where there is no such portal. */
export async function deleteClient(deps: ClientsDeps, id: string, actor: string): Promise<boolean> {
  const deleted = await deps.database.transaction().execute(async (transaction) => {
    const row = await transaction.selectFrom('clients').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row) return false
    await transaction.deleteFrom('consents').where('client_id', '=', id).execute()
    await transaction.deleteFrom('clients').where('id', '=', id).execute()
    const details = isReadable(row) ? difference(fromRow(row)) : {}
    await deps.audit.append(transaction, { event: 'client.deleted', actor, clientId: id, details })
    return true
  })
  if (deleted) deps.publish('client', id)
  return deleted
}
