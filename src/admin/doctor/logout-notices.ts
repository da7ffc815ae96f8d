import { hourMs } from '../../config/time.ts'
import type { Services } from '../../services.ts'
import type { Finding } from './finding.ts'

/** Deliveries end after about an hour: older ones mean that no server runs. */
const overdueMs = 2 * hourMs

export async function logoutNotices({ database, clock }: Services): Promise<Finding> {
  const rows = await database
    .selectFrom('logout_deliveries')
    .select((select) => [
      'state',
      'client_id',
      select.fn.countAll<number>().as('many'),
      select.fn.min('created_at').as('oldest'),
    ])
    .where('state', 'in', ['pending', 'abandoned'])
    .groupBy(['state', 'client_id'])
    .execute()
  const many = (state: string) => rows.filter((row) => row.state === state).reduce((sum, row) => sum + row.many, 0)
  const finding = `${many('pending')} to be delivered, ${many('abandoned')} given up`
  const what = 'logout notices'
  const portals = [...new Set(rows.filter((row) => row.state === 'abandoned').map((row) => row.client_id))]
  if (portals.length > 0) {
    return { state: 'warn', what, finding, todo: `check backchannel-logout-uri of ${portals.slice(0, 5).join(', ')}` }
  }
  const overdue = rows.some((row) => row.state === 'pending' && row.oldest < clock() - overdueMs)
  return overdue
    ? { state: 'warn', what, finding, todo: 'start the server: it delivers them' }
    : { state: 'ok', what, finding }
}
