import { maskedPerson } from './masked-person.ts'
import { command } from '../command.ts'
import { idField } from '../fields.ts'
import { notFound } from '../outcome.ts'

export default command({
  fields: { id: idField('person') },
  access: { role: 'viewer', about: 'system', touches: ['what may be seen'] },
  example: 'npx yideng person show 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11',
  async run(context, input) {
    const { persons } = await context.services()
    const person = await persons.find(input.id)
    return person ? { ok: true, document: maskedPerson(persons, person) } : notFound('person', input.id)
  },
})
