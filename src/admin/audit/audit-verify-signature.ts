import { notFound, type Outcome } from '../outcome.ts'
import { revealing } from './revealing.ts'
import { checkApproval, checkMandate, shownCheck } from './signature-checks.ts'
import { command } from '../command.ts'

export default command({
  fields: {
    id: {
      type: 'text',
      positional: true,
      required: true,
      placeholder: 'ID',
      meaning: 'id of a mandate, or number of an audit entry qr.approved; reading its sealed part is audited',
    },
  },
  access: { local: 'it opens sealed parts of the audit log' },
  example: 'npx yideng audit verify-signature 0f3c2b1a-9d8e-4f7a-8b6c-5d4e3f2a1b0c',
  async run(context, { id }): Promise<Outcome> {
    const { database } = await context.services()
    const checks = /^\d{1,15}$/.test(id)
      ? await checkApproval(database, Number(id), await revealing(context, 'audit.revealed', { entry: id }))
      : await checkMandate(database, id)
    if (!checks) return notFound('mandate or approval', id)
    const signed = checks.filter((check) => check.signed).length
    const faults = checks.flatMap((check) => check.faults)
    const whole = signed > 0 && faults.length === 0
    const document = { holds: whole, signatures: checks }
    const shown = checks.flatMap(shownCheck)
    if (whole) return { ok: true, document, shown }
    const fault = faults.length > 0 ? `It does not hold: ${faults.join('; ')}.` : 'Nothing was signed about it.'
    return { ok: true, document, shown, fault }
  },
})
