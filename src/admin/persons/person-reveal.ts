import { maskedPerson } from './masked-person.ts'
import { actorWithReason, personCommand } from './person-command.ts'

export default personCommand({
  fields: {
    reason: { type: 'text', required: true, placeholder: 'TEXT', meaning: 'the reason, for the second administrator' },
  },
  access: { role: 'admin', about: 'system', touches: ['personal data, shown whole'], secret: true },
  example: 'npx yideng person reveal 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11 --reason "court order 2026-118"',
  async run(context, input, person) {
    const { persons, audit } = await context.services()
    await audit.record({ event: 'administrator.revealed', ...actorWithReason(context, input), personId: person.id })
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
