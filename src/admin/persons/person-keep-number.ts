import { failed, notFound } from '../outcome.ts'
import { idField } from '../fields.ts'
import { command } from '../command.ts'

export default command({
  fields: { id: idField('person') },
  access: { role: 'operator', about: 'system', touches: ['the holder of a document number'] },
  example: 'npx yideng person keep-number 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11',
  async run(context, input) {
    const { persons, identityProofs } = await context.services()
    const person = await persons.find(input.id)
    if (!person) return notFound('person', input.id)
    const ended = await identityProofs.keepNumber(person, { actor: context.actor })
    if (ended === 0) return failed('No waiting period runs to remove the number of this account.')
    return { ok: true, document: { id: person.id, ended } }
  },
})
