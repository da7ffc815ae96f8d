import { iso } from '../outcome.ts'
import { command } from '../command.ts'

export default command({
  fields: {},
  access: { role: 'admin', about: 'rows', touches: ['what may be seen'] },
  example: 'npx yideng admin list',
  async run(context) {
    const { administrators } = await context.services()
    const document = (await administrators.list())
      .filter(({ region }) => context.sees(region))
      .map((one) => ({
        id: one.personId,
        role: one.role,
        region: one.region,
        granted_by: one.grantedBy,
        granted_at: iso(one.grantedAt),
      }))
    const columns = ['PERSON', 'ROLE', 'REGION', 'GRANTED BY', 'AT']
    const rows = document.map((one) => [one.id, one.role, one.region, one.granted_by, one.granted_at])
    const notes = rows.length > 0 ? [] : ['There are no remote administrators: npx yideng admin grant --help']
    return { ok: true, document, shown: { columns, rows }, notes }
  },
})
