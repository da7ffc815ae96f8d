import { invalid, type Outcome } from '../outcome.ts'
import { divideLongAuditLog, isDivided, makeMonthsAhead } from '../../storage/audit-months.ts'
import { command } from '../command.ts'

export default command({
  fields: {},
  access: { local: 'it changes the layout of the store' },
  example: 'npx yideng audit divide',
  async run(context): Promise<Outcome> {
    const { database, settings } = await context.services()
    if (!settings.databaseUrl) return invalid({ message: 'The embedded store has no partitions: nothing to do.' })
    const before = await isDivided(database)
    if (!before) await divideLongAuditLog(database, context.clock())
    const months = await makeMonthsAhead(database, context.clock())
    const shown = [before ? 'The audit log was divided already.' : 'The audit log is divided.']
    return { ok: true, document: { divided: !before, months }, shown }
  },
})
