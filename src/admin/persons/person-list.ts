import { maskedPerson } from './masked-person.ts'
import { afterField, limitFault, limitField, nextPage } from '../list-pages.ts'
import { command } from '../command.ts'

export default command({
  fields: {
    limit: limitField,
    after: afterField,
  },
  access: { role: 'viewer', about: 'system', touches: ['what may be seen'] },
  example: 'npx yideng person list --limit 20',
  async run(context, { limit, after }) {
    const fault = limitFault(limit)
    if (fault) return fault
    const { persons } = await context.services()
    const found = await persons.list({ limit: limit + 1, ...(after === undefined ? {} : { after }) })
    const document = found.slice(0, limit).map((person) => maskedPerson(persons, person))
    const columns = ['ID', 'NAME', 'DOCUMENT', 'NUMBER', 'PHONE', 'LEVEL', 'STATUS']
    const rows = document.map((one) => {
      const { name, document_type, document_number, phone, level } = one
      return [one.id, name, document_type, document_number, phone, level, one.status]
    })
    const more = nextPage('person', limit, found)
    return { ok: true, document, shown: { columns, rows }, notes: rows.length > 0 ? more : ['No accounts here.'] }
  },
})
