import { command } from '../command.ts'
import { mostFound } from '../../accounts/person-lookups.ts'
import { counterTalk } from './counter-acts.ts'
import { maskedPerson } from './masked-person.ts'
import { peopleOf, selectorFields } from './which-person.ts'

export default command({
  fields: {
    ...selectorFields,
    name: { type: 'text', placeholder: 'NAME', meaning: 'people with exactly this name' },
  },
  access: { role: 'viewer', about: 'system', touches: ['what may be seen'] },
  example: 'npx yideng person find --id-number 11010519491231002X',
  counter: counterTalk,
  async run(context, input) {
    const found = await peopleOf(context, input, 'person find')
    if (!found.ok) return found
    const { persons } = await context.services()
    const document = found.people.slice(0, mostFound).map((person) => maskedPerson(persons, person))
    const columns = ['ID', 'NAME', 'DOCUMENT', 'NUMBER', 'PHONE', 'LEVEL', 'STATUS']
    const rows = document.map((one) => {
      const { name, document_type, document_number, phone, level } = one
      return [one.id, name, document_type, document_number, phone, level, one.status]
    })
    const more = found.people.length > mostFound ? [`More than ${mostFound} accounts fit.`] : []
    return { ok: true, document, shown: { columns, rows }, notes: more }
  },
})
