import { readdirSync } from 'node:fs'
import type { Settings } from '../../config/settings.ts'
import { sentinelAddress } from '../../config/sentinel-address.ts'
import { trustsAnyCertificate } from '../../config/ssl-mode.ts'
import type { Clock } from '../../config/clock.ts'
import { migrationsRun, openDatabase } from '../../storage/database.ts'
import { clockSentence, isWrong, readClock } from '../../storage/store-clock.ts'
import type { Events } from '../../storage/events.ts'
import { openEvents, ownsRedis } from '../../storage/stores.ts'
import { keyFingerprint } from '../../keys/keys-in-store.ts'
import type { Services } from '../../services.ts'
import { noStore } from './files.ts'
import { setClock, type Finding } from './finding.ts'

const reason = (error: unknown) => {
  const { cause, message } = error as Error
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : message
}

/** Checks that PostgreSQL answers, is durable, has the right time and the schema of this version. */
export async function postgresServer({ databaseUrl, clockSeconds }: Settings, clock: Clock): Promise<Finding[]> {
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
            todo: `set ${unsafe.join(' and ')} to on in postgresql.conf, then: select pg_reload_conf();`,
          },
    ]
    if (trustsAnyCertificate(databaseUrl)) {
      const finding = 'sslmode=require trusts any certificate: a stranger on the way can pose as this server'
      const todo = 'in YIDENG_DATABASE_URL: sslmode=verify-full and sslrootcert=FILE'
      findings.push({ state: 'warn', what, finding, todo })
    }
    const reading = await readClock(database, clock)
    if (isWrong(reading, clockSeconds * 1000)) {
      findings.push({
        state: 'fail',
        what: 'clock',
        finding: clockSentence(reading.ahead),
        todo: `on the machine that is wrong: ${setClock}`,
      })
    }
    const known = readdirSync(new URL('../../storage/migrations/', import.meta.url)).map((name) => name.slice(0, -3))
    const done = new Set(await migrationsRun(database))
    const pending = known.filter((name) => !done.has(name))
    if (done.size === 0) return [...findings, noStore('the database is empty')]
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
    const todo = 'start PostgreSQL, or correct YIDENG_DATABASE_URL'
    return [{ state: 'fail', what, finding: `does not answer: ${reason(error)}`, todo }]
  } finally {
    await database.destroy()
  }
}

/** Whether an event that is published in Redis reaches its subscribers. */
async function carriesEvents(settings: Settings): Promise<boolean> {
  let events: Events | undefined
  const received = await new Promise<boolean>((resolve) => {
    events = openEvents(settings, { listens: true, failed: () => resolve(false) })
    events.subscribe('keys', () => resolve(true))
  })
  await events?.stop()
  return received
}

/** Checks that no other system stores artifacts in the same Redis. */
export async function redisOwner({ settings, dataKeys, clock }: Services): Promise<Finding[]> {
  if (!settings.redisUrls) return []
  const { openRedisArtifacts } = await import('../../storage/artifacts-redis.ts')
  const artifacts = await openRedisArtifacts(settings.redisUrls, clock, () => undefined).catch(() => undefined)
  if (!artifacts) return []
  try {
    if (await ownsRedis(artifacts, keyFingerprint(dataKeys.blindIndex).underFirstKey)) return []
    const todo =
      'use a separate Redis; if the other Yideng no longer exists: redis-cli FLUSHALL, which ends all sign-ins'
    return [{ state: 'fail', what: 'Redis', finding: 'another Yideng uses it', todo }]
  } finally {
    await artifacts.close()
  }
}

/** A Sentinel that does not answer, or watches no such master, is missed in the next failover. */
async function sentinelsOf(redisUrls: string): Promise<Finding | undefined> {
  const address = sentinelAddress(redisUrls)
  if (!address) return undefined
  const { answersOf } = await import('../../storage/redis-sentinel.ts')
  const answers = await answersOf(address)
  const named = answers.filter((answer) => typeof answer === 'object').length
  if (named === answers.length) return undefined
  const finding = `${named} of ${answers.length} Sentinels name its master`
  return { state: 'warn', what: 'Redis', finding, todo: 'start the others, or correct YIDENG_REDIS_URL' }
}

/** Checks that Redis answers, evicts nothing, persists its data and delivers events. */
export async function redisServer(settings: Settings): Promise<Finding> {
  const { redisUrls } = settings
  const what = 'Redis'
  const { connectRedis } = await import('../../storage/redis.ts')
  try {
    const redis = await connectRedis(redisUrls, () => undefined)
    try {
      // the second argument is a key that selects the node of a cluster
      const info = String(await redis.ask('INFO', 'everything'))
      const property = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1]
      if (property('redis_mode') === 'sentinel') {
        const finding = 'is a Sentinel, which stores nothing'
        return { state: 'fail', what, finding, todo: 'in YIDENG_REDIS_URL: redis+sentinel://, or the address of Redis' }
      }
      if (property('role') === 'slave') {
        const finding = 'is a replica, which refuses to write'
        return { state: 'fail', what, finding, todo: 'in YIDENG_REDIS_URL: the address of its master' }
      }
      const faults = [
        ...(property('maxmemory') === '0' || property('maxmemory_policy') === 'noeviction'
          ? []
          : ['maxmemory-policy is not noeviction: Redis deletes sessions to free memory']),
        ...(property('aof_enabled') === '0' ? ['appendonly is off: a restart ends all sign-ins'] : []),
        ...((await carriesEvents(settings))
          ? []
          : ['its user may not publish and subscribe to yideng:events: servers poll the stores each second instead']),
      ]
      const watching = await sentinelsOf(redisUrls)
      if (watching) return watching
      if (faults.length === 0) return { state: 'ok', what, finding: `answers, version ${property('redis_version')}` }
      return {
        state: 'warn',
        what,
        finding: faults.join('; '),
        todo: 'in redis.conf: maxmemory-policy noeviction and appendonly yes; its users: docs/deploy.md',
      }
    } finally {
      await redis.close()
    }
  } catch (error) {
    const todo = 'start Redis, or correct YIDENG_REDIS_URL'
    return { state: 'fail', what, finding: `does not answer: ${reason(error)}`, todo }
  }
}
