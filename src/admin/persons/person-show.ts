import { loginMethods } from '../../login-methods.ts'
import { maskedPerson } from './masked-person.ts'
import { personCommand } from './person-command.ts'

export default personCommand({
  fields: {},
  access: { role: 'viewer', about: 'system', touches: ['what may be seen'] },
  example: 'npx yideng person show 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11',
  async run(context, _input, person) {
    const { persons, authenticators, recovery } = await context.services()
    const kinds = (await authenticators.list(person.id)).map(({ kind }) => kind)
    const methods = new Set<string>(loginMethods.map(({ name }) => name))
    const document = {
      ...maskedPerson(persons, person),
      ways_to_sign_in: kinds.filter((kind) => methods.has(kind)),
      recovery_codes: await recovery.codesLeft(person.id),
    }
    return { ok: true, document }
  },
})
