import { documentTypes } from '../../accounts/identifiers/documents.ts'
import type { NaturalPerson, NaturalPersons } from '../../accounts/natural-persons.ts'
import {
  afterField,
  command,
  idField,
  invalid,
  iso,
  limitFault,
  limitField,
  nextPage,
  notFound,
  type Command,
  type Outcome,
} from '../command.ts'
import { proofCommands } from './proof-commands.ts'

const id = idField('person')
const exampleId = '3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11'
const unknown = (given: string) => notFound('person', given)

/** What is answered of a person: personal data masked, as on a counter's screen. */
async function masked(persons: NaturalPersons, person: NaturalPerson) {
  const { maskDocumentNumber, maskName, maskPhone } = await import('../../accounts/identifiers/masking.ts')
  const { documentType, documentNumber, name, phone } = persons.reveal(person)
  return {
    id: person.id,
    status: person.status,
    level: person.identityLevel,
    name: maskName(name),
    document_type: documentType,
    document_number: maskDocumentNumber(documentNumber),
    phone: maskPhone(phone),
    proofed_at: person.proofedAt === null ? null : iso(person.proofedAt),
    created_at: iso(person.createdAt),
    held_until: person.heldUntil === null ? null : iso(person.heldUntil),
  }
}

const status = (verb: 'lock' | 'unlock', to: 'active' | 'locked', summary: string) =>
  command({
    noun: 'person',
    verb,
    summary,
    fields: { id },
    access: { role: 'operator', about: 'system' },
    example: `npx yideng person ${verb} ${exampleId}`,
    async run(context, input) {
      const { persons } = await context.services()
      const changed = await persons.setStatus(input.id, to, { actor: context.actor })
      return changed ? { ok: true, document: { id: input.id, status: to } } : unknown(input.id)
    },
  })

export const personCommands: Command[] = [
  command({
    noun: 'person',
    verb: 'create',
    summary: 'open an account for a natural person, by the same rules as registration',
    fields: {
      name: { type: 'text', required: true, placeholder: 'NAME', meaning: 'as on the document' },
      'id-number': { type: 'text', required: true, placeholder: 'NUMBER', meaning: 'number of the document' },
      phone: { type: 'text', required: true, placeholder: 'NUMBER', meaning: 'mobile number' },
      username: { type: 'text', required: true, placeholder: 'NAME', meaning: 'to sign in with' },
      password: { type: 'secret', required: true, meaning: 'password' },
      'document-type': {
        type: 'text',
        choices: documentTypes,
        default: 'resident_id',
        meaning: 'kind of document',
      },
      level: {
        type: 'number',
        choices: ['2', '3'],
        meaning: 'identity you vouch for: 2 self-asserted, 3 real name; without this the register decides',
      },
    },
    access: { role: 'operator', about: 'system' },
    example:
      'npx yideng person create --name 张三 --id-number 11010519491231002X --phone 13800138000 ' +
      '--username zhangsan --password-stdin < password.txt',
    async run(context, input): Promise<Outcome> {
      const { readOpening } = await import('./person-opening.ts')
      const breached = async (password: string) => (await context.services()).breached.has(password)
      const read = await readOpening(input, new Date(context.clock()), breached)
      if (!read.ok) return invalid(...read.problems)
      const { createPasswords } = await import('../../accounts/passwords/hash.ts')
      const { persons } = await context.services()
      const { passwordAuthenticator } = await import('../../login/methods/password/stored-password.ts')
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
  }),
  command({
    noun: 'person',
    verb: 'list',
    summary: 'list the accounts page by page, personal data masked',
    fields: {
      limit: limitField,
      after: afterField,
    },
    access: { role: 'viewer', about: 'system' },
    example: 'npx yideng person list --limit 20',
    async run(context, { limit, after }) {
      const fault = limitFault(limit)
      if (fault) return fault
      const { persons } = await context.services()
      const found = await persons.list({ limit: limit + 1, ...(after === undefined ? {} : { after }) })
      const document = await Promise.all(found.slice(0, limit).map((person) => masked(persons, person)))
      const columns = ['ID', 'NAME', 'DOCUMENT', 'NUMBER', 'PHONE', 'LEVEL', 'STATUS']
      const rows = document.map((one) => {
        const { name, document_type, document_number, phone, level } = one
        return [one.id, name, document_type, document_number, phone, level, one.status]
      })
      const more = nextPage('person', limit, found)
      return { ok: true, document, shown: { columns, rows }, notes: rows.length > 0 ? more : ['No accounts here.'] }
    },
  }),
  command({
    noun: 'person',
    verb: 'show',
    summary: 'show an account, personal data masked',
    fields: { id },
    access: { role: 'viewer', about: 'system' },
    example: `npx yideng person show ${exampleId}`,
    async run(context, input) {
      const { persons } = await context.services()
      const person = await persons.find(input.id)
      return person ? { ok: true, document: await masked(persons, person) } : unknown(input.id)
    },
  }),
  command({
    noun: 'person',
    verb: 'reveal',
    summary: 'show the personal data of an account whole; from afar only with a second administrator',
    fields: {
      id,
      reason: { type: 'text', required: true, placeholder: 'TEXT', meaning: 'why, for the second administrator' },
    },
    access: { role: 'admin', about: 'system' },
    example: `npx yideng person reveal ${exampleId} --reason "court order 2026-118"`,
    async run(context, input) {
      const { persons, audit } = await context.services()
      const person = await persons.find(input.id)
      if (!person) return unknown(input.id)
      await audit.record({ event: 'administrator.revealed', actor: context.actor, personId: person.id })
      const { documentType, documentNumber, name, phone, username } = persons.reveal(person)
      return {
        ok: true,
        document: {
          ...(await masked(persons, person)),
          name,
          document_type: documentType,
          document_number: documentNumber,
          phone,
          username,
        },
      }
    },
  }),
  status('lock', 'locked', 'let nobody sign in with an account until it is unlocked'),
  status('unlock', 'active', 'let a locked account sign in again'),
  ...proofCommands,
  command({
    noun: 'person',
    verb: 'reset-password',
    summary: 'make a link with which a person sets a new password, once; older links of the person end',
    fields: {
      id,
      counter: {
        type: 'boolean',
        meaning: 'you checked the document of the person before you: the account is not held afterwards',
      },
    },
    access: { role: 'admin', about: 'system' },
    example: `npx yideng person reset-password ${exampleId} --counter`,
    async run(context, input) {
      const { persons, recovery, settings } = await context.services()
      const person = await persons.find(input.id)
      const link = person && (await recovery.makeLink(person.id, input, { actor: context.actor }))
      if (!link) return unknown(input.id)
      const document = {
        id: person.id,
        url: `${settings.issuer}/recover/${link.token}`,
        expires_at: iso(link.expiresAt),
        counter: input.counter,
      }
      const locked = person.status === 'locked' ? ['The account is locked: the link works once you unlock it.'] : []
      return { ok: true, document, notes: ['The link is shown this once. Give it to the person only.', ...locked] }
    },
  }),
]
