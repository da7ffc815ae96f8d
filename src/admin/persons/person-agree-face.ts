import { idField } from '../fields.ts'
import { invalid, notFound } from '../outcome.ts'
import { command } from '../command.ts'

export default command({
  fields: {
    id: idField('person'),
    guardian: {
      type: 'text',
      required: true,
      placeholder: 'ID',
      meaning: 'id of the account of the guardian, level 3 or more',
    },
  },
  access: { role: 'operator', about: 'system', touches: ['an account'] },
  example:
    'npx yideng person agree-face 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11 --guardian 9d2c7c0e-5f7a-4a53-9a3e-0a2f6c1b7d22',
  async run(context, input) {
    const { persons, faceConsents } = await context.services()
    const [person, guardian] = await Promise.all([persons.find(input.id), persons.find(input.guardian)])
    if (!person) return notFound('person', input.id)
    if (!guardian) return notFound('person', input.guardian)
    const given = await faceConsents.giveFor(person, guardian, { actor: context.actor })
    if (given === 'given') return { ok: true, document: { id: person.id, guardian: guardian.id } }
    const message =
      given === 'not_a_child'
        ? 'This person is 14 or older and consents personally, in the account centre.'
        : 'The guardian must be an adult with an active account of level 3 or more.'
    return invalid({ field: given === 'not_a_child' ? 'id' : 'guardian', message })
  },
})
