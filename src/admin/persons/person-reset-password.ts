import { iso } from '../outcome.ts'
import { actorWithReason, personCommand, reasonField } from './person-command.ts'
import { noPerson } from './which-person.ts'

export default personCommand({
  fields: {
    counter: {
      type: 'boolean',
      meaning: 'you checked the document of the person in front of you: the account is not held afterwards',
    },
    reason: reasonField,
  },
  access: { role: 'admin', about: 'system', touches: ['a way into an account'], secret: true },
  example: 'npx yideng person reset-password 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11 --counter',
  async run(context, input, person) {
    const { recovery, settings } = await context.services()
    const link = await recovery.makeLink(person.id, input, actorWithReason(context, input))
    if (!link) return noPerson
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
