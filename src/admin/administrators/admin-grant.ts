import { personIdField } from './person-id-field.ts'
import type { AdministratorRole } from '../../accounts/administrators.ts'
import { namedAccount } from '../duties.ts'
import { administratorRoles } from '../../accounts/administrators.ts'
import { isRegion } from '../../config/regions.ts'
import { invalid, notFound } from '../outcome.ts'
import { command } from '../command.ts'
import { withPersonIn } from '../persons/which-person.ts'

const isRole = (text: string): text is AdministratorRole => administratorRoles.some((role) => role === text)

export default command({
  fields: {
    id: personIdField,
    role: { type: 'text', required: true, choices: administratorRoles, meaning: 'their rights' },
    region: {
      type: 'text',
      required: true,
      placeholder: 'CODE',
      meaning: 'their region (GB/T 2260): 440300 is the city and its districts, 440000 the whole province',
    },
  },
  access: { role: 'admin', about: 'administrator', touches: ['who administers'], accounts: namedAccount },
  resolve: (context, input, name) => withPersonIn(context, input, 'id', name),
  example: 'npx yideng admin grant 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11 --role operator --region 440300',
  async run(context, { id, role, region }) {
    const { persons, administrators } = await context.services()
    const person = await persons.find(id)
    if (!person || !isRole(role)) return notFound('person', id)
    const problems = [
      ...(isRegion(region) ? [] : [{ field: 'region', message: 'is not a known region code (GB/T 2260)' }]),
      ...(person.identityLevel < 3
        ? [{ field: 'id', message: 'is an account whose identity is not proven (level 3)' }]
        : []),
      ...(person.status === 'active' ? [] : [{ field: 'id', message: 'is an account that is locked or closed' }]),
    ]
    if (problems.length > 0) return invalid(...problems)
    await administrators.grant({ personId: id, role, region }, context.actor)
    return { ok: true, document: { id, role, region } }
  },
})
