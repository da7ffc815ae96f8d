import { sql, type RawBuilder } from 'kysely'
import { isPostgres, type Database } from './database.ts'

/** A number of the audit log is chain × span + position: entries of one chain only have the numbers of chain 0. */
export const chainSpan = 10_000_000_000

/** Now in milliseconds since 1970 UTC, by the clock of the store: processes of several machines compare with it. */
export const storeTime = (database: Database): RawBuilder<number> =>
  isPostgres(database)
    ? sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`
    : sql<number>`cast(unixepoch('subsec') * 1000 as integer)`
