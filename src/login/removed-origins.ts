import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'

const pageSize = 200

/**
 * Acts on each row of a way to sign in that may still have an open session: one that was used as late as `since`, in milliseconds. A
 * session that a phone approved at the end of its own may be as old again.
 * @param options.page the rows after a key, in its order
 */
export async function eachInUse<Row>(
  { settings, clock }: { settings: Pick<Settings, 'lifetimes'>; clock: Clock },
  options: {
    page: (since: number, after: string, limit: number) => Promise<Row[]>
    key: (row: Row) => string
    act: (row: Row) => Promise<void>
  },
): Promise<void> {
  const { page, key, act } = options
  const { session, refreshToken } = settings.lifetimes
  const since = clock() - 2 * Math.max(session, refreshToken) * 1000
  let after = ''
  for (;;) {
    const rows = await page(since, after, pageSize)
    for (const row of rows) await act(row)
    const last = rows.at(-1)
    if (!last || rows.length < pageSize) return
    after = key(last)
  }
}
