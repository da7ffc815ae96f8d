import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { sql } from 'kysely'
import { z } from 'zod'
import { storeTime } from '../storage/audit-chains.ts'
import type { Database } from '../storage/database.ts'
import { replaceFact } from '../storage/store-facts.ts'
import type { DataKeys } from './data-keys.ts'
import { lackingKeys, type KeysInStore } from './keys-in-store.ts'

/** A machine writes its report that often, in milliseconds; one without a report for `livingMs` does not run. */
const reportMs = 20_000
const livingMs = 90_000

const schema = z.object({
  /** Its host name. */
  name: z.string(),
  /** Fingerprints of its data and index keys, by id (DataKeys.fingerprint). No key can be guessed from one. */
  keys: z.record(z.string(), z.string()),
  /** Milliseconds since 1970 UTC, by the clock of the store. */
  seenAt: z.number(),
})

/** What a machine reports of its `data.json`. */
export interface Machine extends z.infer<typeof schema> {
  id: string
}

const prefix = 'machine:'

/**
 * A machine is a host with a folder of keys. The processes of one host share the folder.
 * @internal
 */
export const machineId = (keysDir: string, host = hostname()): string =>
  createHash('sha256')
    .update(JSON.stringify([host, resolve(keysDir)]))
    .digest('base64url')
    .slice(0, 16)

const timeOf = async (database: Database): Promise<number> => {
  const { rows } = await sql<{ now: number | string }>`SELECT ${storeTime(database)} AS now`.execute(database)
  return Number(rows[0]?.now)
}

async function reports(database: Database): Promise<Machine[]> {
  const rows = await database.selectFrom('house').selectAll().where('key', 'like', `${prefix}%`).execute()
  return rows.flatMap(({ key, value }) => {
    const read = schema.safeParse(JSON.parse(value)).data
    return read ? [{ id: key.slice(prefix.length), ...read }] : []
  })
}

/**
 * The other machines that run on this store. A report is no secret and has no seal: a false one delays a rotation, which names the
 * machine.
 */
export async function otherMachines(database: Database, keysDir: string): Promise<Machine[]> {
  const now = await timeOf(database)
  const own = machineId(keysDir)
  return (await reports(database)).filter(({ id, seenAt }) => id !== own && seenAt > now - livingMs)
}

/** Of these machines, the names of those that have no key of this id, or another one. */
export const machinesWithout = (
  machines: readonly Machine[],
  { fingerprint }: Pick<DataKeys, 'fingerprint'>,
  id: string,
): string[] => machines.filter(({ keys }) => keys[id] !== fingerprint(id)).map(({ name }) => name)

/** The machines that lack keys under which the store keeps values, with these keys. */
export const machinesBehind = (
  machines: readonly Machine[],
  stored: KeysInStore,
): { name: string; lacks: string[] }[] =>
  machines
    .map(({ name, keys }) => ({ name, lacks: lackingKeys({ fingerprint: (id) => keys[id] }, stored) }))
    .filter(({ lacks }) => lacks.length > 0)

/** Reports the keys of this machine to the store, while a process of it runs. */
export function createKeyReports(deps: {
  database: Database
  dataKeys: Pick<DataKeys, 'ids' | 'lookup' | 'fingerprint'>
  keysDir: string
  host?: string | undefined
}): { report(): Promise<void> } {
  const { database, dataKeys, keysDir, host = hostname() } = deps
  const id = machineId(keysDir, host)
  let written = { keys: '', seenAt: -Infinity }
  return {
    /** Writes where something changed, or the last report is old. Removes those of machines that are gone. */
    async report() {
      const { current, old, waiting } = dataKeys.ids()
      const held = [current, ...old, ...waiting, ...dataKeys.lookup.known()].toSorted()
      const keys = Object.fromEntries(held.map((one) => [one, dataKeys.fingerprint(one) ?? '']))
      const seenAt = await timeOf(database)
      const text = JSON.stringify(keys)
      if (text === written.keys && seenAt < written.seenAt + reportMs) return
      await replaceFact(database, `${prefix}${id}`, JSON.stringify({ name: host, keys, seenAt }))
      written = { keys: text, seenAt }
      const gone = (await reports(database)).filter((one) => one.seenAt < seenAt - livingMs)
      if (gone.length === 0) return
      const keysOfGone = gone.map((one) => `${prefix}${one.id}`)
      await database.deleteFrom('house').where('key', 'in', keysOfGone).execute()
    },
  }
}
