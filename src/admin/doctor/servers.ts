import { readdirSync } from 'node:fs'
import type { Settings } from '../../config/settings.ts'
import { migrationsRun, openDatabase } from '../../storage/database.ts'
import type { Events } from '../../storage/events.ts'
import { openEvents } from '../../storage/stores.ts'
import type { Finding } from './finding.ts'

const reason = (error: unknown) => {
  const { cause, message } = error as Error
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : message
}

/** PostgreSQL answers, keeps what it acknowledged, and has the schema of this version. */
export async function postgresServer({ databaseUrl }: Settings): Promise<Finding[]> {
  const what = 'PostgreSQL'
  const database = openDatabase(databaseUrl)
  try {
    const setting = async (name: string) => {
      const shown = await database
        .selectFrom('pg_settings' as never)
        .select('setting' as never)
        .where('name' as never, '=', name as never)
        .executeTakeFirst()
      return (shown as { setting: string } | undefined)?.setting
    }
    const unsafe = []
    for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
      if ((await setting(name)) === 'off') unsafe.push(name)
    }
    const findings: Finding[] = [
      unsafe.length === 0
        ? { state: 'ok', what, finding: `answers, version ${await setting('server_version')}` }
        : {
            state: 'fail',
            what,
            finding: `${unsafe.join(', ')} off: acknowledged changes may be lost`,
            todo: 'switch on',
          },
    ]
    const known = readdirSync(new URL('../../storage/migrations/', import.meta.url)).map((name) => name.slice(0, -3))
    const done = new Set(await migrationsRun(database))
    const pending = known.filter((name) => !done.has(name))
    findings.push(
      pending.length === 0
        ? { state: 'ok', what: 'store', finding: 'up to date' }
        : {
            state: 'warn',
            what: 'store',
            finding: `${pending.join(', ')} did not run yet`,
            todo: 'npx yideng migrate',
          },
    )
    return findings
  } catch (error) {
    const todo = 'start PostgreSQL, or mend YIDENG_DATABASE_URL'
    return [{ state: 'fail', what, finding: `does not answer: ${reason(error)}`, todo }]
  } finally {
    await database.destroy()
  }
}

/** Whether what a server process tells by way of Redis reaches the others. */
async function carriesEvents(settings: Settings): Promise<boolean> {
  let events: Events | undefined
  const heard = await new Promise<boolean>((resolve) => {
    events = openEvents(settings, { listens: true, failed: () => resolve(false) })
    events.listen('keys', () => resolve(true))
  })
  await events?.stop()
  return heard
}

/** Redis answers, throws nothing away to make room, writes down what it has, and carries events. */
export async function redisServer(settings: Settings): Promise<Finding> {
  const { redisUrls } = settings
  const what = 'Redis'
  const { connectRedis } = await import('../../storage/redis.ts')
  try {
    const redis = await connectRedis(redisUrls, () => undefined)
    try {
      // a key of none of ours says which node is asked
      const info = String(await redis.ask('INFO', 'everything'))
      const told = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1]
      const faults = [
        ...(told('maxmemory') === '0' || told('maxmemory_policy') === 'noeviction'
          ? []
          : ['maxmemory-policy is not noeviction: it signs people out to make room']),
        ...(told('aof_enabled') === '0' ? ['appendonly is off: a restart signs everybody out'] : []),
        ...((await carriesEvents(settings))
          ? []
          : ['its user may not publish and subscribe to yideng:events: servers ask the stores each second instead']),
      ]
      if (faults.length === 0) return { state: 'ok', what, finding: `answers, version ${told('redis_version')}` }
      return { state: 'warn', what, finding: faults.join('; '), todo: 'docs/deploy.md says how Redis is set up' }
    } finally {
      await redis.close()
    }
  } catch (error) {
    const todo = 'start Redis, or mend YIDENG_REDIS_URL'
    return { state: 'fail', what, finding: `does not answer: ${reason(error)}`, todo }
  }
}
