import { actorWithReason, personCommand, reasonField } from './person-command.ts'

export default personCommand({
  fields: { reason: reasonField },
  access: { role: 'operator', about: 'system', touches: ['an account'] },
  example: 'npx yideng person withdraw-face 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11',
  async run(context, input, person) {
    const { faceConsents } = await context.services()
    const erased = await faceConsents.withdraw(person, actorWithReason(context, input))
    return { ok: true, document: { id: person.id, erased } }
  },
})
