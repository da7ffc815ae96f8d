import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cannotRun } from '../setup/parts.ts'
import { startServer } from '../setup/server.ts'
import { scaleOut } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { ailments, gather, manyFromHere, signInMany, yideng } from './people.ts'

describe.each([
  { stores: 'embedded', missing: false, settings: async () => ({}) },
  { stores: 'PostgreSQL and Redis', missing: cannotRun('PostgreSQL') || cannotRun('Redis'), settings: scaleOut },
])('a backup made in the middle of sign-ins: $stores', ({ missing, settings }) => {
  it.skipIf(missing)('holds the state of one moment, with a whole audit chain', async () => {
    const server = await startServer({ ...manyFromHere, ...(await settings()) })
    const crowd = await gather(server)
    const directory = temporaryDirectory()
    const files = ['one', 'two', 'three'].map((name) => join(directory, `${name}.sqlite`))
    const making: ReturnType<typeof yideng>[] = []
    const { failures, retried } = await signInMany(crowd, 120, {
      onSignedIn(count) {
        const file = count % 20 === 0 ? files[count / 20 - 1] : undefined
        if (file) making.push(yideng(server, ['backup', file]))
      },
    })
    expect([failures, retried]).toEqual([[], 0])
    for (const { stderr } of await Promise.all(making)) expect(stderr).toBe('')
    const entries = []
    for (const file of files) {
      const environment: Record<string, string> = { ...server.environment, YIDENG_DATA_DIR: `${file}-restored` }
      delete environment['YIDENG_DATABASE_URL']
      // the restored store gets an empty artifact store
      delete environment['YIDENG_REDIS_URL']
      const restored = JSON.parse((await yideng({ environment }, ['restore', file, '--json'])).stdout) as {
        tables: Record<string, { rows: number }>
      }
      entries.push(restored.tables['audit_events']?.rows ?? 0)
      expect(await ailments({ environment })).toEqual([])
    }
    console.log(`audit entries in the backups: ${entries.join(', ')}`)
    expect(new Set(entries).size).toBeGreaterThan(1)
  })
})
