import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { FieldCipher } from '../../keys/field-cipher.ts'
import { unhurried, type Database } from '../../storage/database.ts'
import { Refusal } from '../../refusal/refusal.ts'
import { fromRow } from '../authenticators/row.ts'
import type { Authenticators } from '../authenticators.ts'
import type { Passwords } from './hash.ts'
import { mostWork, workOf, type SlowWork } from './legacy-hashes/compute.ts'
import { parseLegacyHash } from './legacy-hashes/legacy-hash.ts'
import { readLegacyWork, setLegacyWork } from './legacy-hashes/store-work.ts'
import { hashOf, passwordAuthenticator } from './stored-password.ts'

/** Less than a second of work: a process that stops waits for it. */
const atOnce = 20
const pageSize = 500

/** The indexes of migration 0026 have exactly these conditions. */
const isSealedHash = sql<boolean>`data like '{"sealed"%'`
const isLegacyHash = sql<boolean>`data like '{"hash":"$legacy$%'`

export interface WrapDeps {
  database: Database
  authenticators: Pick<Authenticators, 'replaceData'>
  passwords: Pick<Passwords, 'wrap'>
  cipher: FieldCipher
}

/**
 * Wraps some imported hashes in argon2id, each behind every sign-in. By compare-and-set: a sign-in at the same time has replaced its
 * hash already. It stops where passwords of strangers fill the queue. Processes begin at random places, so that few do the same.
 * @param failed gets the errors of rows that cannot be read; they do not stop the others
 * @returns how many it wrapped
 */
export async function wrapPasswords(deps: WrapDeps, failed: (error: unknown) => void): Promise<number> {
  const { authenticators, passwords, cipher } = deps
  let wrapped = 0
  for (const authenticator of (await someSealed(deps)).map(fromRow)) {
    try {
      const { data } = passwordAuthenticator(await passwords.wrap(hashOf(authenticator, cipher)))
      if (await authenticators.replaceData(authenticator, data)) wrapped += 1
    } catch (error) {
      if (error instanceof Refusal && error.code === 'busy') break
      failed(error)
    }
  }
  return wrapped
}

async function someSealed({ database }: Pick<WrapDeps, 'database'>) {
  const all = database.selectFrom('authenticators').selectAll().where(isSealedHash).orderBy('id').limit(atOnce)
  const place = randomUUID()
  const behind = await all.where('id', '>', place).execute()
  if (behind.length === atOnce) return behind
  const before = await all.where('id', '<=', place).execute()
  return [...behind, ...before].slice(0, atOnce)
}

/** How many imported hashes of old systems no sign-in has replaced yet: bcrypt, SHA-1, MD5 and others. */
export async function countLegacyHashes(database: Database): Promise<number> {
  const { many } = await database
    .selectFrom('authenticators')
    .select(({ fn }) => fn.countAll().as('many'))
    .where(({ or }) => or([isSealedHash, isLegacyHash]))
    .executeTakeFirstOrThrow()
  return Number(many)
}

/** Lowers the work of each check when the hashes that need it are gone; an import at the same time keeps its own. */
export async function lowerLegacyWork({ database, cipher }: Pick<WrapDeps, 'database' | 'cipher'>): Promise<void> {
  const before = await readLegacyWork(database)
  if (before === undefined) return
  const now = await unhurried(database, (within) => workInStore(within, cipher))
  if (JSON.stringify(now) === JSON.stringify(before)) return
  await database.transaction().execute(async (transaction) => {
    const still = await readLegacyWork(transaction)
    if (JSON.stringify(still) === JSON.stringify(before)) await setLegacyWork(transaction, now)
  })
}

async function workInStore(within: Database, cipher: FieldCipher): Promise<SlowWork | undefined> {
  let work: SlowWork | undefined
  for (const condition of [isSealedHash, isLegacyHash]) {
    for (let after: string | undefined = ''; after !== undefined;) {
      const last: string = after
      const rows = await within
        .selectFrom('authenticators')
        .select(['id', 'data'])
        .where(condition)
        .where('id', '>', last)
        .orderBy('id')
        .limit(pageSize)
        .execute()
      for (const row of rows) {
        const legacy = parseLegacyHash(hashOf(row, cipher))
        if (legacy) work = mostWork(work ?? {}, workOf(legacy))
      }
      after = rows.length < pageSize ? undefined : rows.at(-1)?.id
    }
  }
  return work
}
