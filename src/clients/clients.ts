import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { AuditEventName } from '../audit/audit-events.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import type { Publish } from '../storage/events.ts'
import type { Tables } from '../storage/schema.ts'
import { faultOfClientId, problemsOfNames } from './rules.ts'
import { parseClientMetadata, type ClientMetadata, type FieldProblem } from './metadata.ts'

/** A portal, as registered. The secret is never kept, only its hash. */
export interface Client extends ClientMetadata {
  id: string
  status: 'active' | 'suspended'
  secretHash: string | null
  /** Milliseconds since 1970 UTC. */
  createdAt: number
  updatedAt: number
  /** What people call it in other languages; only the account centre has these. */
  names?: Readonly<Record<string, string>>
  /** The administrators' command line alone: device flow (RFC 8628), sign-in by passkey only, tokens bound to a key. */
  administers?: true
}

/** What the house's own clients (src/oidc, src/account-centre) have in common; they stand in no table. */
export const ownOfTheHouse = {
  auth_method: 'none',
  post_logout_redirect_uris: [],
  consent: 'implicit',
  representee: 'optional',
  id_token_alg: 'ES256',
  resources: [],
  status: 'active',
  secretHash: null,
  createdAt: 0,
  updatedAt: 0,
} satisfies Partial<Client>

type Changed = { ok: true; client: Client; secret?: string } | { ok: false; problems: FieldProblem[] } | undefined

/** What can be done with portals. `undefined` means there is none with that id. */
export interface Clients {
  find(id: string): Promise<Client | undefined>
  /** All that can be read: a damaged registration harms its own portal only, and `yideng doctor` names it. */
  list(): Promise<Client[]>
  /** Ids of registrations that cannot be read. */
  damaged(): Promise<string[]>
  /** The secret is in the answer once and nowhere else. An id is given where the portal had it in another store. */
  create(input: unknown, actor: string, id?: string): Promise<NonNullable<Changed>>
  update(id: string, change: Record<string, unknown>, actor: string): Promise<Changed>
  rotateSecret(id: string, actor: string): Promise<Changed>
  setStatus(id: string, status: Client['status'], actor: string): Promise<Changed>
  delete(id: string, actor: string): Promise<boolean>
}

/** A secret is 256 random bits, so a fast hash keeps it as safe as a slow one would. */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'base64url')
}

export function secretMatches(known: string, secret: string): boolean {
  return timingSafeEqual(Buffer.from(known), Buffer.from(hashSecret(secret)))
}

/** What a change makes of a registration, by the same rules as a new one. */
export function metadataAfter(before: Client, changes: Record<string, unknown>) {
  const { id: _id, status: _s, secretHash: _h, createdAt: _c, updatedAt: _u, ...metadata } = before
  return parseClientMetadata({ ...metadata, scope: metadata.scope.join(' '), ...changes })
}

const needsSecret = (client: ClientMetadata) => client.auth_method.startsWith('client_secret')

function fromRow(row: Selectable<Tables['clients']>): Client {
  const metadata = JSON.parse(row.metadata) as ClientMetadata
  const { id, status, secret_hash: secretHash, created_at: createdAt, updated_at: updatedAt } = row
  return { ...metadata, id, status, secretHash, createdAt, updatedAt }
}

function isReadable(row: Selectable<Tables['clients']>): boolean {
  try {
    return fromRow(row).redirect_uris.length >= 0
  } catch {
    return false
  }
}

/** Not shown in the audit trail: a hash, and keys, which are long; that they changed is. */
const notShown = new Set(['secretHash', 'jwks', 'createdAt'])

/** What a change made another, before and after; after a portal is deleted only what was. */
function difference(before: Client, after: Partial<Client> = {}) {
  const names = Object.keys({ ...before, ...after }) as (keyof Client)[]
  const differs = (name: keyof Client) => JSON.stringify(before[name]) !== JSON.stringify(after[name])
  const changed = names.filter((name) => name !== 'updatedAt' && differs(name))
  const shown = changed.filter((name) => !notShown.has(name))
  return { changed, before: JSON.stringify(before, shown), after: JSON.stringify(after, shown) }
}

export function createClients(options: {
  database: Database
  audit: AuditLog
  publish: Publish
  clock: Clock
}): Clients {
  const { database, audit, publish, clock } = options

  const findIn = async (within: Database, id: string) => {
    const row = await within.selectFrom('clients').selectAll().where('id', '=', id).executeTakeFirst()
    return row && fromRow(row)
  }

  const readAll = (within: Database = database) =>
    within.selectFrom('clients').selectAll().orderBy('created_at').orderBy('id').execute()
  /** Those that a name must not be taken for; a damaged registration has none. */
  const othersThan = async (within: Database, id: string) =>
    (await readAll(within)).filter((row) => row.id !== id && isReadable(row)).map(fromRow)

  /** Reads, changes and audits in one transaction; a refused change leaves no trace. */
  const change = async <T extends { ok: true; client?: Client } | { ok: false }>(
    id: string,
    what: { event: AuditEventName; actor: string },
    alter: (client: Client, transaction: DatabaseTransaction) => Promise<T>,
  ) => {
    const changed = await database.transaction().execute(async (transaction) => {
      const before = await findIn(transaction, id)
      if (!before) return undefined
      const result = await alter(before, transaction)
      if (result.ok)
        await audit.append(transaction, { ...what, clientId: id, details: difference(before, result.client) })
      return result
    })
    if (changed?.ok) publish('client', id)
    return changed
  }

  const write = async (transaction: DatabaseTransaction, id: string, columns: Partial<Tables['clients']>) =>
    fromRow(
      await transaction
        .updateTable('clients')
        .set({ ...columns, updated_at: clock() })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirstOrThrow(),
    )

  return {
    find: (id) => findIn(database, id),

    async list() {
      return (await readAll()).filter(isReadable).map(fromRow)
    },
    async damaged() {
      return (await readAll()).filter((row) => !isReadable(row)).map(({ id }) => id)
    },

    async create(input, actor, id = randomBytes(12).toString('hex')) {
      const fault = faultOfClientId(id)
      if (fault !== undefined) return { ok: false, problems: [{ field: 'client_id', message: fault }] }
      const parsed = parseClientMetadata(input)
      if (!parsed.ok) return parsed
      const { metadata } = parsed
      const secret = needsSecret(metadata) ? randomBytes(32).toString('base64url') : undefined
      const now = clock()
      const row = {
        id,
        metadata: JSON.stringify(metadata),
        secret_hash: secret ? hashSecret(secret) : null,
        status: 'active' as const,
        created_at: now,
        updated_at: now,
      }
      const problems = await database.transaction().execute(async (transaction) => {
        const found = problemsOfNames(metadata, undefined, await othersThan(transaction, id))
        if (found.length > 0) return found
        await transaction.insertInto('clients').values(row).execute()
        await audit.append(transaction, {
          event: 'client.created',
          actor,
          clientId: id,
          details: { name: metadata.name },
        })
        return []
      })
      if (problems.length > 0) return { ok: false, problems }
      publish('client', id)
      return { ok: true, client: fromRow(row), ...(secret ? { secret } : {}) }
    },

    update: (id, changes, actor) =>
      change(id, { event: 'client.updated', actor }, async (before, transaction): Promise<NonNullable<Changed>> => {
        const parsed = metadataAfter(before, changes)
        if (!parsed.ok) return parsed
        const problems = problemsOfNames(parsed.metadata, before, await othersThan(transaction, id))
        if (problems.length > 0) return { ok: false, problems }
        const secret =
          needsSecret(parsed.metadata) && !before.secretHash ? randomBytes(32).toString('base64url') : undefined
        const secretHash = needsSecret(parsed.metadata) ? (secret ? hashSecret(secret) : before.secretHash) : null
        const columns = { metadata: JSON.stringify(parsed.metadata), secret_hash: secretHash }
        return { ok: true, client: await write(transaction, id, columns), ...(secret ? { secret } : {}) }
      }),

    rotateSecret: (id, actor) =>
      change(
        id,
        { event: 'client.secret-rotated', actor },
        async (before, transaction): Promise<NonNullable<Changed>> => {
          if (!needsSecret(before)) {
            const message = `is ${before.auth_method}: this portal has no secret to rotate`
            return { ok: false, problems: [{ field: 'auth_method', message }] }
          }
          const secret = randomBytes(32).toString('base64url')
          return { ok: true, client: await write(transaction, id, { secret_hash: hashSecret(secret) }), secret }
        },
      ),

    setStatus: (id, status, actor) =>
      change(
        id,
        { event: status === 'active' ? 'client.resumed' : 'client.suspended', actor },
        async (_before, transaction) => ({ ok: true, client: await write(transaction, id, { status }) }),
      ),

    async delete(id, actor) {
      const deleted = await change(id, { event: 'client.deleted', actor }, async (_before, transaction) => {
        await transaction.deleteFrom('consents').where('client_id', '=', id).execute()
        await transaction.deleteFrom('clients').where('id', '=', id).execute()
        return { ok: true }
      })
      return deleted !== undefined
    },
  }
}
