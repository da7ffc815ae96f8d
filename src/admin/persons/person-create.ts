import type { ConditionalTouch } from '../duties.ts'
import { allDocumentTypes } from '../../accounts/identifiers/documents.ts'
import { command } from '../command.ts'
import { invalid, type Outcome } from '../outcome.ts'
import { readOpening } from './person-opening.ts'
import { createPasswords } from '../../accounts/passwords/hash.ts'

const provenLevel: ConditionalTouch = {
  touch: 'the level of an account',
  when: 'unless with --level 2',
  applies: async (_services, { level }) => level !== 2,
}

export default command({
  fields: {
    name: { type: 'text', required: true, placeholder: 'NAME', meaning: 'as on the document' },
    'id-number': { type: 'text', required: true, placeholder: 'NUMBER', meaning: 'number of the document' },
    phone: { type: 'text', required: true, placeholder: 'NUMBER', meaning: 'mobile number' },
    username: { type: 'text', required: true, placeholder: 'NAME', meaning: 'to sign in with' },
    password: { type: 'secret', required: true, meaning: 'password' },
    'document-type': {
      type: 'text',
      choices: allDocumentTypes,
      default: 'resident_id',
      meaning: 'kind of document',
    },
    level: {
      type: 'number',
      choices: ['2', '3'],
      meaning: 'identity you vouch for: 2 self-asserted, 3 real name; default: the register decides',
    },
  },
  access: { role: 'operator', about: 'system', touches: ['an account'], sometimes: provenLevel, secret: true },
  example:
    'npx yideng person create --name 张三 --id-number 11010519491231002X --phone 13800138000 ' +
    '--username zhangsan --password-stdin < password.txt',
  async run(context, input): Promise<Outcome> {
    const breached = async (password: string) => (await context.services()).breached.has(password)
    const read = await readOpening(input, new Date(context.clock()), breached)
    if (!read.ok) return invalid(...read.problems)
    const { persons } = await context.services()
    const { passwordAuthenticator } = await import('../../accounts/passwords/stored-password.ts')
    const authenticators = [passwordAuthenticator(await createPasswords().hash(input.password))]
    const vouchedLevel: 2 | 3 | undefined = input.level === 2 || input.level === 3 ? input.level : undefined
    const opening = { ...read.opening, authenticators, ...(vouchedLevel ? { vouchedLevel } : {}) }
    const opened = await persons.create(opening, { actor: context.actor })
    if (!opened.ok) {
      const field = opened.problem === 'username_taken' ? 'username' : 'id-number'
      return invalid({ field, message: 'belongs to another account already' })
    }
    const { id: personId, identityLevel: level } = opened.person
    const unmatched = level < 3 && vouchedLevel === undefined
    const notes = unmatched ? ['Level 2: the population register did not confirm this name and number.'] : []
    return { ok: true, document: { id: personId, level }, notes }
  },
})
