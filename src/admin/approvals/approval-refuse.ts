import type { Approval } from '../../accounts/approvals.ts'
import { command } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import { idField } from '../fields.ts'
import { failed, forbidden, notFound } from '../outcome.ts'
import { requestDocument, requestedCommand } from './requests.ts'

/** Whether the request may lock or remove this administrator, also where it does not name them. */
async function endsOwnAccount(context: CommandContext, approval: Approval): Promise<boolean> {
  const access = (await requestedCommand(approval))?.access
  if (!context.administrator || !access || 'local' in access || !access.accounts) return false
  const accounts = await access.accounts(await context.services(), approval.input)
  return accounts.includes(context.administrator.personId)
}

export default command({
  fields: { id: idField('request') },
  access: { role: 'admin', about: 'approval', touches: ['a request that waits'] },
  example: 'npx yideng approval refuse 9f2c1a7be403',
  async run(context, { id }) {
    const { approvals } = await context.services()
    const approval = await approvals.find(id)
    if (!approval) return notFound('request', id)
    if (await endsOwnAccount(context, approval)) {
      return forbidden('It would end or lock your own account: another administrator decides.')
    }
    const refused = await approvals.decide(id, 'refused', context)
    if (!refused) return failed(`It is ${approval.state} already: nothing was done.`)
    return { ok: true, document: { ...requestDocument(approval), state: 'refused', decided_by: context.actor } }
  },
})
