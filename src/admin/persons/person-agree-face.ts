import { invalid } from '../outcome.ts'
import { actorWithReason, personCommand, reasonField } from './person-command.ts'
import { noPerson, personField, personOf, withPersonId } from './which-person.ts'

export default personCommand({
  fields: {
    guardian: {
      ...personField,
      required: true,
      meaning: 'the guardian, level 3 or more: id of the account, document number, phone or username',
    },
    reason: reasonField,
  },
  access: { role: 'operator', about: 'system', touches: ['an account'] },
  example:
    'npx yideng person agree-face 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11 --guardian 9d2c7c0e-5f7a-4a53-9a3e-0a2f6c1b7d22',
  async resolve(context, input, command) {
    const child = await withPersonId(context, input, command)
    if (!child.ok) return child
    const guardian = await personOf(context, { id: input['guardian'] }, command)
    return guardian.ok ? { ok: true, input: { ...child.input, guardian: guardian.person.id } } : guardian
  },
  async run(context, input, person) {
    const { persons, faceConsents } = await context.services()
    const guardian = await persons.find(input.guardian)
    if (!guardian) return noPerson
    const given = await faceConsents.giveFor(person, guardian, actorWithReason(context, input))
    if (given === 'given') return { ok: true, document: { id: person.id, guardian: guardian.id } }
    const message =
      given === 'not_a_child'
        ? 'This person is 14 or older and consents personally, in the account centre.'
        : 'The guardian must be an adult with an active account of level 3 or more.'
    return invalid({ field: given === 'not_a_child' ? 'id' : 'guardian', message })
  },
})
