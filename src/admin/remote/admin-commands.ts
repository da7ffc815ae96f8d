import { administratorRoles, type AdministratorRole } from '../../accounts/administrators.ts'
import { isRegion } from '../../config/regions.ts'
import { command, invalid, iso, notFound, type Command } from '../command.ts'

const exampleId = '3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11'
const personId = {
  type: 'text',
  positional: true,
  required: true,
  placeholder: 'PERSON_ID',
  meaning: 'id of the account',
} as const

const isRole = (text: string): text is AdministratorRole => administratorRoles.some((role) => role === text)

/** Who may administer from afar. The first ones are made on the server itself. */
export const adminCommands: Command[] = [
  command({
    noun: 'admin',
    verb: 'grant',
    summary:
      'let a person administer from afar, in a region: viewer looks, operator changes, admin deletes and approves',
    fields: {
      id: personId,
      role: { type: 'text', required: true, choices: administratorRoles, meaning: 'what they may do' },
      region: {
        type: 'text',
        required: true,
        placeholder: 'CODE',
        meaning: 'where (GB/T 2260): 440300 is the city and its districts, 440000 the whole house',
      },
    },
    access: { role: 'admin', about: 'administrator' },
    example: `npx yideng admin grant ${exampleId} --role operator --region 440300`,
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
  }),
  command({
    noun: 'admin',
    verb: 'list',
    summary: 'list who may administer from afar',
    fields: {},
    access: { role: 'admin', about: 'rows' },
    example: 'npx yideng admin list',
    async run(context) {
      const { administrators } = await context.services()
      const document = (await administrators.list())
        .filter(({ region }) => context.sees(region))
        .map((one) => ({
          id: one.personId,
          role: one.role,
          region: one.region,
          granted_by: one.grantedBy,
          granted_at: iso(one.grantedAt),
        }))
      const columns = ['PERSON', 'ROLE', 'REGION', 'GRANTED BY', 'AT']
      const rows = document.map((one) => [one.id, one.role, one.region, one.granted_by, one.granted_at])
      const notes = rows.length > 0 ? [] : ['Nobody administers from afar: npx yideng admin grant --help']
      return { ok: true, document, shown: { columns, rows }, notes }
    },
  }),
  command({
    noun: 'admin',
    verb: 'revoke',
    summary: 'let a person administer no more; it takes effect at their next command',
    fields: { id: personId },
    access: { role: 'admin', about: 'administrator' },
    example: `npx yideng admin revoke ${exampleId}`,
    async run(context, { id }) {
      const { administrators } = await context.services()
      const revoked = await administrators.revoke(id, context.actor)
      return revoked ? { ok: true, document: { id, revoked: true } } : notFound('administrator', id)
    },
  }),
]
