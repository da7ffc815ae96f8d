import { command } from '../command.ts'
import { idField } from '../fields.ts'
import { iso, notFound } from '../outcome.ts'
import { mattersInForce } from '../../accounts/mandates/mandate-rules.ts'

export default command({
  fields: { id: idField('organisation') },
  access: { role: 'viewer', about: 'organisation', touches: ['what may be seen'] },
  example: 'npx yideng org mandates 8a1d3f8e-0b55-4a3c-b0d8-6f6c3b8f1d20',
  async run(context, input) {
    const { principals, clock } = await context.services()
    const view = await principals.view(input.id)
    if (view?.kind !== 'legal_person') return notFound('organisation', input.id)
    const document = view.affairs.mandates.map((mandate) => ({
      id: mandate.id,
      role: mandate.role,
      person: mandate.personId,
      matters: mandate.matters,
      not_before: iso(mandate.notBefore),
      expires_at: iso(mandate.expiresAt),
      granted_by: mandate.grantedBy,
      state: mandate.state,
      in_force: mattersInForce(mandate, view.affairs, clock()).length > 0,
    }))
    const columns = ['ID', 'ROLE', 'PERSON', 'MATTERS', 'UNTIL', 'STATE', 'IN FORCE']
    const rows = document.map((one) => [
      one.id,
      one.role,
      one.person,
      one.matters.join(' '),
      one.expires_at,
      one.state,
      one.in_force ? 'yes' : 'no',
    ])
    return { ok: true, document, shown: { columns, rows }, notes: rows.length > 0 ? [] : ['No mandates.'] }
  },
})
