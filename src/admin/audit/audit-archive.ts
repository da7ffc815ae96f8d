import { monthAfter, monthOf } from '../../config/months.ts'
import { invalid, type Outcome } from '../outcome.ts'
import { archiveMonths } from '../../audit/archives.ts'
import { statSync } from 'node:fs'
import { createVerifierOfStore } from '../../keys/document-signatures.ts'
import { command } from '../command.ts'

const monthForm = /^\d{4}-(0[1-9]|1[0-2])$/

export default command({
  fields: {
    to: { type: 'text', required: true, placeholder: 'DIRECTORY', meaning: 'directory for the files' },
    before: {
      type: 'text',
      placeholder: 'MONTH',
      meaning: 'the first month that stays, such as 2026-11 (UTC); default: YIDENG_AUDIT_MONTHS stay',
    },
  },
  access: { local: 'it writes files and deletes entries from the store' },
  example: 'npx yideng audit archive --to /archive/yideng',
  async run(context, { to, before }): Promise<Outcome> {
    const thisMonth = monthOf(context.clock())
    if (before !== undefined && (!monthForm.test(before) || before > thisMonth)) {
      return invalid({
        field: 'before',
        message: `${JSON.stringify(before)} must be a month that has begun, such as ${thisMonth}`,
      })
    }
    if (!statSync(to, { throwIfNoEntry: false })?.isDirectory()) {
      return invalid({ field: 'to', message: `${JSON.stringify(to)} must be an existing directory` })
    }
    const services = await context.services()
    const { database, audit, settings } = services
    const document = await archiveMonths({
      database,
      audit,
      verify: await createVerifierOfStore(services),
      directory: to,
      before: before ?? monthAfter(thisMonth, 1 - settings.auditMonths),
      now: context.clock(),
      actor: context.actor,
      progress: context.progress,
    })
    const rows = document.map(({ month, entries, file }) => [month, entries, file])
    const notes = rows.length > 0 ? [] : ['There is nothing to archive.']
    return { ok: true, document, shown: { columns: ['MONTH', 'ENTRIES', 'FILE'], rows }, notes }
  },
})
