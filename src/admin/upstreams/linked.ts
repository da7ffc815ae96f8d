import { daySeconds } from '../../config/time.ts'
import type { Services } from '../../services.ts'
import { notFound } from '../outcome.ts'

/** The id of an upstream, as YIDENG_UPSTREAMS has it. */
export const upstreamField = { type: 'text', required: true, placeholder: 'ID', meaning: 'id of the upstream' } as const

export const noUpstream = (id: string) => notFound('upstream', id)

/** The days in which a sign-in counts for `recently`. */
const recentDays = 30

/** How many people are linked to each upstream. `recently`: those who signed in by it in the last 30 days. */
export async function countLinked({ database, clock }: Pick<Services, 'database' | 'clock'>) {
  const since = clock() - recentDays * daySeconds * 1000
  const rows = await database
    .selectFrom('upstream_links')
    .select(['upstream', (row) => row.fn.count<string | number>('person_id').distinct().as('people')])
    .select((row) =>
      row.fn.count<string | number>('person_id').distinct().filterWhere('last_used_at', '>=', since).as('recently'),
    )
    .groupBy('upstream')
    .execute()
  return new Map(
    rows.map(({ upstream, people, recently }) => [upstream, { people: Number(people), recently: Number(recently) }]),
  )
}
