import { existsSync } from 'node:fs'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { artifactsFile } from '../storage/stores.ts'

/** Undefined where no server has made the embedded store yet: a command makes no file. */
export async function openExisting(settings: Settings, clock: Clock): Promise<Artifacts | undefined> {
  if (settings.redisUrls) {
    const { openRedisArtifacts } = await import('../storage/artifacts-redis.ts')
    return openRedisArtifacts(settings.redisUrls, clock, () => undefined)
  }
  const file = artifactsFile(settings)
  if (!existsSync(file)) return undefined
  const { openSqliteArtifacts } = await import('../storage/artifacts-sqlite.ts')
  return openSqliteArtifacts(file, clock)
}
