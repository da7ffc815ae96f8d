import { sql, type QueryExecutorProvider } from 'kysely'
import { dayMs } from '../config/time.ts'
import { beginOf, monthAfter, monthOf } from '../config/months.ts'

/**
 * Partitions of the audit log on PostgreSQL. `audit_events_2026_12` holds a month (UTC), and `audit_events_first` all
 * entries until the month of the division. `audit_events_rest` holds all others: none while the months are created
 * ahead. The sequence is the primary key of each. A trigger accepts only numbers after the head (`audit_head`), so a
 * number is used once, as in one table.
 */
export const weekMs = 7 * dayMs
/**
 * The transaction blocks other writers, and long readers may block it. So it gives up early, and a later run tries
 * again.
 */
export const shortly = sql`set local lock_timeout = '1s'`

const appendTrigger = sql`create trigger audit_events_append after insert on audit_events
  referencing new table as appended for each statement execute function audit_events_append()`

/**
 * The head of the audit log in a table of its own, kept by a trigger. Reading it costs the same for any number of
 * months.
 */
export async function keepHead(database: QueryExecutorProvider): Promise<void> {
  const statements = [
    sql`create table audit_head (sequence bigint not null, hash text not null)`,
    sql`insert into audit_head (sequence, hash)
      select sequence, hash from (
        select sequence, hash from audit_events
        union all select last_sequence, last_hash from audit_archives
        union all select 0, repeat('0', 64)
      ) as known order by sequence desc limit 1`,
    sql`create function audit_events_append() returns trigger language plpgsql as $$
      declare lowest bigint; repeated boolean; newest record;
      begin
        select min(sequence), count(*) <> count(distinct sequence) into lowest, repeated from appended;
        if lowest is null then return null; end if;
        select sequence, hash into newest from appended order by sequence desc limit 1;
        update audit_head set sequence = newest.sequence, hash = newest.hash where sequence < lowest and not repeated;
        if not found then
          raise unique_violation using message = 'the audit trail has gone past entry ' || lowest;
        end if;
        return null;
      end $$`,
    appendTrigger,
  ]
  for (const statement of statements) await statement.execute(database)
}

/**
 * Replaces the table with a partitioned one, and attaches the old table as its first partition, without a copy. A long
 * table needs the validated constraint of `divideLongAuditLog` first: without it, PostgreSQL reads all rows while
 * writers wait.
 */
export async function divideAuditLog(database: QueryExecutorProvider, now: number): Promise<void> {
  const statements = [
    shortly,
    sql`drop trigger audit_events_append on audit_events`,
    sql`alter table audit_events rename to audit_events_first`,
    sql`alter table audit_events_first rename constraint audit_events_pkey to audit_events_first_pkey`,
    sql`alter index audit_events_person rename to audit_events_first_person`,
    sql`alter index if exists audit_events_time rename to audit_events_first_time`,
    sql`create table audit_events (like audit_events_first including defaults) partition by range (at)`,
    sql`create index audit_events_person on audit_events (person_id, at)`,
    // a migration divides before the index exists
    sql`do $$ begin
      if to_regclass('audit_events_first_time') is not null then
        create index audit_events_time on audit_events (at, sequence);
      end if;
    end $$`,
    sql`alter table audit_events attach partition audit_events_first
      for values from (minvalue) to (${sql.lit(firstEnd(now))})`,
    sql`create table audit_events_rest partition of audit_events (primary key (sequence)) default`,
    appendTrigger,
  ]
  for (const statement of statements) await statement.execute(database)
}

/** End of the first partition: at least a week later, so that there is time. */
export const firstEnd = (now: number) => beginOf(monthAfter(monthOf(now + weekMs)))
