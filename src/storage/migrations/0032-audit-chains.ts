import { PostgresAdapter, sql, type Kysely } from 'kysely'

/** Numbers of a chain (storage/audit-chains.ts). A migration never changes, so it has its own. */
const span = sql.lit(10_000_000_000)

/**
 * A number that its chain has not reached is refused. A process of an older version knows one chain only, so it stops instead of
 * writing into that of another.
 */
const refusal = 'the audit log has chains: this version of Yideng may not write it'

/** Chains of the audit log, and checkpoints over all of them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema
    .createTable('audit_chains')
    .addColumn('id', 'bigint', (column) => column.primaryKey())
    .addColumn('writer', 'text')
    .addColumn('alive_until', 'bigint', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('closed_at', 'bigint')
    .addColumn('signed_by', 'bigint')
    .execute()
  await schema
    .createTable('audit_roots')
    .addColumn('number', 'bigint', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('signed', 'text', (column) => column.notNull())
    .execute()
  await schema
    .createTable('audit_runs')
    .addColumn('last_sequence', 'bigint', (column) => column.primaryKey())
    .addColumn('first_sequence', 'bigint', (column) => column.notNull().unique())
    .addColumn('root_number', 'bigint', (column) => column.notNull())
    .addColumn('head', 'text', (column) => column.notNull())
    .addColumn('root', 'text', (column) => column.notNull())
    .addColumn('is_final', 'integer', (column) => column.notNull())
    .execute()
  await schema.createIndex('audit_runs_of_root').on('audit_runs').columns(['root_number']).execute()
  await schema.alterTable('audit_archives').addColumn('tips', 'text').execute()
  await schema.createIndex('audit_events_time').on('audit_events').columns(['at', 'sequence']).execute()
  // the chain of older versions is chain 0; a new store has no chain before its first entry
  await sql`insert into audit_chains (id, alive_until, sequence, hash)
    select 0, 0, sequence, hash from (
      select sequence, hash from audit_events
      union all select last_sequence, last_hash from audit_archives
    ) as known order by sequence desc limit 1`.execute(db)
  // a new store gets it with its first chain (audit/writer-chains.ts)
  await sql`insert into house (key, value)
    select 'oldest-writer', '{"migration":"0032-audit-chains","version":"0.2.0"}' from audit_chains where true
    on conflict (key) do update set value = excluded.value`.execute(db)
  await (db.getExecutor().adapter instanceof PostgresAdapter ? guardPostgres(db) : guardSqlite(db))
}

/** Replaces the function of the trigger on all months (storage/audit-partitions.ts). */
async function guardPostgres(db: Kysely<unknown>): Promise<void> {
  await sql`create or replace function audit_events_append() returns trigger language plpgsql as $$
    begin
      if exists (
        select 1 from (
          select sequence / ${span} as chain, max(sequence) as newest, count(*) as many,
            count(distinct sequence) as different, (array_agg(hash order by sequence desc))[1] as hash
          from appended group by 1
        ) a join audit_chains c on c.id = a.chain
        where c.sequence <> a.newest or c.hash <> a.hash or a.many <> a.different
      ) then
        raise unique_violation using message = ${sql.lit(refusal)};
      end if;
      return null;
    end $$`.execute(db)
}

async function guardSqlite(db: Kysely<unknown>): Promise<void> {
  await sql`create trigger audit_events_append after insert on audit_events
    when exists (select 1 from audit_chains where id = new.sequence / ${span} and sequence < new.sequence)
    begin select raise(abort, ${sql.lit(refusal)}); end`.execute(db)
}
