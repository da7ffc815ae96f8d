import { isProvince, ownDigits } from '../../config/regions.ts'
import type { CommandContext } from '../command-context.ts'
import { organisationDocument } from './organisation-document.ts'
import { afterField, limitFault, limitField, nextPage } from '../list-pages.ts'
import { command } from '../command.ts'
import { regionOfOrganisation } from '../remote/subject-region.ts'

/** Limits the list to the region of an administrator, so that each page is full for them too. */
function ownRegistrations({ administrator }: CommandContext) {
  if (!administrator || isProvince(administrator.region)) return {}
  return { registeredIn: administrator.region.slice(0, ownDigits(administrator.region)) }
}

export default command({
  fields: {
    limit: limitField,
    after: afterField,
  },
  access: { role: 'viewer', about: 'rows', touches: ['what may be seen'] },
  example: 'npx yideng org list --limit 20',
  async run(context, { limit, after }) {
    const fault = limitFault(limit)
    if (fault) return fault
    const { legalPersons } = await context.services()
    const page = { limit: limit + 1, ...(after === undefined ? {} : { after }) }
    const found = await legalPersons.list({ ...page, ...ownRegistrations(context) })
    const shown = found.slice(0, limit).filter(({ uscc }) => context.sees(regionOfOrganisation(uscc)))
    const document = shown.map(organisationDocument)
    const columns = ['ID', 'CODE', 'NAME', 'KIND', 'STATUS', 'REPRESENTATIVE']
    const rows = document.map((one) => [one.id, one.uscc, one.name, one.kind, one.status, one.representative])
    const more = nextPage('org', limit, found)
    return {
      ok: true,
      document,
      shown: { columns, rows },
      notes: rows.length > 0 ? more : ['No organisations here.'],
    }
  },
})
