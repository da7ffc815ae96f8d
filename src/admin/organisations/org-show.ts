import { organisationDocument } from './organisation-document.ts'
import { command } from '../command.ts'
import { idField } from '../fields.ts'
import { notFound } from '../outcome.ts'

export default command({
  fields: { id: idField('organisation') },
  access: { role: 'viewer', about: 'organisation', touches: ['what may be seen'] },
  example: 'npx yideng org show 8a1d3f8e-0b55-4a3c-b0d8-6f6c3b8f1d20',
  async run(context, input) {
    const { legalPersons } = await context.services()
    const standing = await legalPersons.standing(input.id)
    if (!standing) return notFound('organisation', input.id)
    return {
      ok: true,
      document: { ...organisationDocument(standing.legalPerson), blocked_by: standing.blockedBy ?? null },
    }
  },
})
