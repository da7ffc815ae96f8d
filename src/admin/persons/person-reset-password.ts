import { command } from '../command.ts'
import { idField } from '../fields.ts'
import { iso, notFound } from '../outcome.ts'

export default command({
  fields: {
    id: idField('person'),
    counter: {
      type: 'boolean',
      meaning: 'you checked the document of the person in front of you: the account is not held afterwards',
    },
  },
  access: { role: 'admin', about: 'system', touches: ['a way into an account'], secret: true },
  example: 'npx yideng person reset-password 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11 --counter',
  async run(context, input) {
    const { persons, recovery, settings } = await context.services()
    const person = await persons.find(input.id)
    const link = person && (await recovery.makeLink(person.id, input, { actor: context.actor }))
    if (!link) return notFound('person', input.id)
    const document = {
      id: person.id,
      url: `${settings.issuer}/recover/${link.token}`,
      expires_at: iso(link.expiresAt),
      counter: input.counter,
    }
    const locked = person.status === 'locked' ? ['The account is locked: the link works after you unlock it.'] : []
    return {
      ok: true,
      document,
      link: document.url,
      notes: ['The link is shown only now. Give it to the person only.', ...locked],
    }
  },
})
