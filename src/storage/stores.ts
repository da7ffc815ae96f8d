import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import type { Artifacts } from './artifacts.ts'
import { openSqliteArtifacts } from './artifacts-sqlite.ts'
import type { OpenTransport } from './event-transport.ts'
import { createEvents, type Events } from './events.ts'
import { openDirectoryTransport } from './events-directory.ts'
import { prepareDirectory } from './ownership.ts'
import { keepCheckpointing } from './wal-checkpoints.ts'

/** Files of the embedded stores. */
export const databaseFile = ({ dataDir }: Pick<Settings, 'dataDir'>) => join(dataDir, 'yideng.sqlite')
export const artifactsFile = ({ dataDir }: Pick<Settings, 'dataDir'>) => join(dataDir, 'artifacts.sqlite')

/**
 * Opens the artifact store of the settings.
 * @param committed gets the milliseconds of each commit of the embedded store
 */
export async function openArtifacts(
  settings: Settings,
  clock: Clock,
  log: Logger,
  committed?: (ms: number) => void,
): Promise<Artifacts> {
  if (!settings.redisUrls) return openSqliteArtifacts(artifactsFile(settings), clock, committed)
  // a lazy import: the client takes a fifth of a second
  const { openRedisArtifacts } = await import('./artifacts-redis.ts')
  return openRedisArtifacts(settings.redisUrls, clock, (error) => log.warn({ err: error }, 'Redis'))
}

const tenYears = 315_360_000

/**
 * Claims a Redis for one system: two would end each other's sign-ins and share their limits.
 * @param storeMark equal in all processes of a system, and different in others
 * @returns false when another system owns it
 */
export async function claimRedis(artifacts: Pick<Artifacts, 'add' | 'get'>, storeMark: string): Promise<boolean> {
  if (await artifacts.add('house', 'owner', storeMark, { ttl: tenYears })) return true
  return ownsRedis(artifacts, storeMark)
}

/** The same check without a claim. */
export async function ownsRedis(artifacts: Pick<Artifacts, 'get'>, storeMark: string): Promise<boolean> {
  return ((await artifacts.get('house', 'owner')) ?? storeMark) === storeMark
}

export const redisOwnedByOther =
  'The setting YIDENG_REDIS_URL names a Redis that another Yideng uses. Give this one a Redis of its own; or, where the other ' +
  'is gone, empty it (redis-cli FLUSHALL), which ends all sign-ins.'

/**
 * The events of all processes on these stores: through Redis if there is one, otherwise on this machine.
 * @throws Error of the system for a data directory that cannot be used.
 * @param how.listens false for a process that only publishes
 */
export function openEvents(settings: Settings, how: { listens: boolean; failed: (error: unknown) => void }): Events {
  // here, because a transport tries again and only warns
  if (!settings.redisUrls) prepareDirectory(settings.dataDir)
  const open: OpenTransport = async (receiver) => {
    if (!settings.redisUrls) return openDirectoryTransport(join(settings.dataDir, 'events'))(receiver)
    redisTransport ??= (await import('./events-redis.ts')).openRedisTransport(settings.redisUrls)
    return redisTransport(receiver)
  }
  let redisTransport: OpenTransport | undefined
  return createEvents({ open, ...how })
}

/** Copies the write-ahead logs of the embedded stores back until the process ends. */
export function keepLogsShort(settings: Settings, log: Logger): void {
  const files = [
    ...(settings.databaseUrl ? [] : [databaseFile(settings)]),
    ...(settings.redisUrls ? [] : [artifactsFile(settings)]),
  ]
  if (files.length === 0) return
  const stop = keepCheckpointing(files, (error) =>
    log.error({ err: error }, 'the logs of the stores are copied back by those who write'),
  )
  process.once('beforeExit', () => void stop())
}
