import { idField } from '../fields.ts'
import { notFound } from '../outcome.ts'
import { command } from '../command.ts'

export default command({
  fields: { id: idField('person') },
  access: { role: 'operator', about: 'system', touches: ['an account'] },
  example: 'npx yideng person withdraw-face 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11',
  async run(context, input) {
    const { persons, faceConsents } = await context.services()
    const person = await persons.find(input.id)
    if (!person) return notFound('person', input.id)
    const erased = await faceConsents.withdraw(person, { actor: context.actor })
    return { ok: true, document: { id: person.id, erased } }
  },
})
