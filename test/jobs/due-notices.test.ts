import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readSettings } from '../../src/config/settings.ts'
import { dueIds, nextDueOf, removeOldNotices, takeNotices } from '../../src/jobs/due-notices.ts'
import { createPortalShares } from '../../src/jobs/portal-shares.ts'
import { openServices } from '../../src/services.ts'
import { durableStore } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const now = 1_800_000_000_000
const day = 86_400_000

async function withNotices(rows: { portal: string; at?: number; state?: 'pending' | 'delivered' | 'abandoned' }[]) {
  const directory = temporaryDirectory()
  const settings = readSettings({
    YIDENG_DATA_DIR: join(directory, 'data'),
    YIDENG_KEYS_DIR: join(directory, 'keys'),
    ...(await durableStore()),
  })
  const { database, close } = await openServices(settings, () => now)
  onTestFinished(close)
  const base = { person_id: 'person', session_id: 'session', attempts: 0, last_result: null, created_at: now }
  const values = rows.map(({ portal, at = now, state = 'pending' }) => ({
    ...base,
    client_id: portal,
    next_attempt_at: at,
    state,
  }))
  await database.insertInto('logout_deliveries').values(values).execute()
  return database
}

const many = (portal: string, count: number) => Array.from({ length: count }, () => ({ portal }))
const nothing = new Set<number>()
const portalsOf = (due: { portal: string }[]) => due.map(({ portal }) => portal)

describe('due logout notices', () => {
  it('go round the portals: a long queue of one delays no other', async () => {
    const database = await withNotices([...many('a', 300), ...many('b', 2), ...many('c', 1)])
    const shares = createPortalShares()
    for (const portal of ['a', 'b', 'c']) {
      shares.take(portal)
      shares.ended(portal, false)
    }
    shares.take('a')
    const due = await dueIds(database, { now, shares, underWay: nothing })
    expect(portalsOf(due)).toEqual(['b', 'c', 'a', 'b', 'a', 'a', 'a'])
    expect(new Set(due.map(({ id }) => id)).size).toBe(due.length)
  })

  it('are not those that are under way here, nor those of a later time', async () => {
    const database = await withNotices([{ portal: 'a' }, { portal: 'b', at: now + 1 }, { portal: 'c', at: now - 5 }])
    const shares = createPortalShares()
    const due = await dueIds(database, { now, shares, underWay: nothing })
    expect(portalsOf(due)).toEqual(['a', 'c'])
    expect(portalsOf(await dueIds(database, { now, shares, underWay: new Set([due[0]?.id ?? 0]) }))).toEqual(['c'])
    expect(await nextDueOf(database, [])).toBe(now - 5)
    expect(await nextDueOf(database, ['a', 'c'])).toBe(now + 1)
    expect(await nextDueOf(database, ['a', 'b', 'c'])).toBeUndefined()
  })

  it('are taken by one process alone, until the lease ends', async () => {
    const database = await withNotices(many('a', 3))
    const ids = (await dueIds(database, { now, shares: createPortalShares(), underWay: nothing })).map(({ id }) => id)
    const until = now + 5000
    const both = await Promise.all([
      takeNotices(database, ids, { now, until }),
      takeNotices(database, ids, { now, until }),
    ])
    expect(both.flat().map(({ id, attempts }) => ({ id, attempts }))).toEqual(ids.map((id) => ({ id, attempts: 1 })))
    expect(await takeNotices(database, ids, { now: until, until: until + 1 })).toHaveLength(ids.length)
  })

  it('leave the store: an hour after the delivery, and thirty days after the last attempt', async () => {
    const hour = 3_600_000
    const database = await withNotices([
      ...Array.from({ length: 2100 }, () => ({ portal: 'old', at: now - hour - 1, state: 'delivered' as const })),
      { portal: 'new', at: now - hour + 1, state: 'delivered' },
      { portal: 'given up', at: now - 30 * day + 1, state: 'abandoned' },
      { portal: 'given up long ago', at: now - 30 * day - 1, state: 'abandoned' },
      { portal: 'waits', at: now - 90 * day },
    ])
    await removeOldNotices(database, now)
    const left = await database.selectFrom('logout_deliveries').select('client_id').orderBy('id').execute()
    expect(left.map(({ client_id: portal }) => portal)).toEqual(['new', 'given up', 'waits'])
  })
})

describe('places of portals', () => {
  it('of those that do not answer leave most for the others', () => {
    const shares = createPortalShares()
    const dead = Array.from({ length: 100 }, (_, index) => `dead-${index}`)
    const taken = dead.filter((portal) => shares.take(portal))
    expect(taken).toHaveLength(32)
    for (const portal of taken) shares.ended(portal, true)
    expect(taken.filter((portal) => shares.take(portal))).toHaveLength(16)
    expect(shares.full()).toEqual(expect.arrayContaining(taken))
    shares.take('good')
    shares.ended('good', false)
    expect([1, 2, 3, 4, 5].map(() => shares.take('good'))).toEqual([true, true, true, true, false])
  })
})
