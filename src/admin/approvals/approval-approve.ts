import { command } from '../command.ts'
import { idField } from '../fields.ts'
import { failed, forbidden, notFound } from '../outcome.ts'
import { refusalFor, runApproved } from '../remote/authorise.ts'
import { requestDocument, requestedCommand } from './requests.ts'

export default command({
  fields: { id: idField('request') },
  access: { role: 'admin', about: 'approval', touches: ['a request that waits'] },
  example: 'npx yideng approval approve 9f2c1a7be403',
  async run(context, { id }) {
    const { approvals } = await context.services()
    const { administrator } = context
    const approval = await approvals.find(id)
    if (!approval) return notFound('request', id)
    const requested = await requestedCommand(approval)
    if (!requested || 'local' in requested.access) return failed(`The command "${approval.command}" no longer exists.`)
    if (approval.requestedBy === administrator?.personId) {
      return forbidden('You made this request: another administrator has to approve it.')
    }
    // the portal or account may be in another region by now
    const blocked = administrator && (await refusalFor(context, administrator, requested.access, approval.input))
    if (blocked) return blocked
    if (!(await approvals.decide(id, 'approved', context))) {
      const now = await approvals.find(id)
      return failed(`It is ${now?.state ?? 'gone'} already: nothing was done.`)
    }
    if (!requested.access.secret) return runApproved(context, requested, approval)
    return { ok: true, document: { ...requestDocument(approval), state: 'approved', decided_by: context.actor } }
  },
})
