import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createClient } from 'redis'

type Row = Record<string, string | number | null>

/** Restores an earlier state of an artifact store, as if it lost its last writes. */
export type Forget = () => Promise<void>

/** Copies an embedded store while it is in use. */
function rememberSqlite(file: string): Forget {
  const open = <T>(use: (sqlite: DatabaseSync) => T): T => {
    const sqlite = new DatabaseSync(file)
    sqlite.exec('PRAGMA busy_timeout = 5000')
    try {
      return use(sqlite)
    } finally {
      sqlite.close()
    }
  }
  const rows = open((sqlite) => sqlite.prepare('SELECT * FROM artifacts').all()) as Row[]
  return async () =>
    open((sqlite) => {
      sqlite.exec('BEGIN IMMEDIATE; DELETE FROM artifacts')
      for (const row of rows) {
        const names = Object.keys(row)
        const values = names.map(() => '?').join(', ')
        sqlite.prepare(`INSERT INTO artifacts (${names.join(', ')}) VALUES (${values})`).run(...Object.values(row))
      }
      sqlite.exec('COMMIT')
    })
}

async function rememberRedis(url: string): Promise<Forget> {
  const redis = await createClient({ url }).connect()
  const keys = await redis.keys('*')
  const texts = await Promise.all(
    keys.map(async (key) => {
      const ms = await redis.pTTL(key)
      const isText = (await redis.type(key)) === 'string'
      return isText
        ? { key, ms, text: (await redis.get(key)) ?? '' }
        : { key, ms, members: await redis.zRangeWithScores(key, 0, -1) }
    }),
  )
  await redis.close()
  return async () => {
    const again = await createClient({ url }).connect()
    await again.flushDb()
    for (const { key, ms, ...kept } of texts) {
      if ('text' in kept) await again.set(key, kept.text)
      else await again.zAdd(key, kept.members)
      if (ms > 0) await again.pExpire(key, ms)
    }
    await again.close()
  }
}

/** Copies the artifact store of a server, embedded or Redis. */
export async function remember(server: { environment: Record<string, string>; dataDir: string }): Promise<Forget> {
  const url = server.environment['YIDENG_REDIS_URL']
  return url ? rememberRedis(url) : rememberSqlite(join(server.dataDir, 'artifacts.sqlite'))
}
