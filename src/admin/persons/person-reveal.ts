import { maskedPerson } from './masked-person.ts'
import { command } from '../command.ts'
import { idField } from '../fields.ts'
import { notFound } from '../outcome.ts'

export default command({
  fields: {
    id: idField('person'),
    reason: { type: 'text', required: true, placeholder: 'TEXT', meaning: 'the reason, for the second administrator' },
  },
  access: { role: 'admin', about: 'system', touches: ['personal data, shown whole'], secret: true },
  example: 'npx yideng person reveal 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11 --reason "court order 2026-118"',
  async run(context, input) {
    const { persons, audit } = await context.services()
    const person = await persons.find(input.id)
    if (!person) return notFound('person', input.id)
    await audit.record({ event: 'administrator.revealed', actor: context.actor, personId: person.id })
    const { documentType, documentNumber, name, phone, username } = persons.reveal(person)
    return {
      ok: true,
      document: {
        ...maskedPerson(persons, person),
        name,
        document_type: documentType,
        document_number: documentNumber,
        phone,
        username,
      },
    }
  },
})
