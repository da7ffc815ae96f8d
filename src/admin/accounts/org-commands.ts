import type { LegalPerson } from '../../accounts/legal-persons.ts'
import { isProvince, ownDigits } from '../../config/regions.ts'
import {
  afterField,
  command,
  failed,
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
import { officialProblems } from '../clients/official.ts'
import type { CommandContext } from '../command-context.ts'
import { regionOfOrganisation } from '../remote/where.ts'

const id = idField('organisation')
const exampleId = '8a1d3f8e-0b55-4a3c-b0d8-6f6c3b8f1d20'
const unknown = (given: string) => notFound('organisation', given)

const answerOf = ({ id: organisation, uscc, kind, name, status, ownerId, createdAt }: LegalPerson) => ({
  id: organisation,
  uscc,
  kind,
  name,
  status,
  representative: ownerId,
  created_at: iso(createdAt),
})

const wrong = (field: string, message: string) => invalid({ field, message })

const codeProblems = {
  uscc_required: 'must be given',
  uscc_malformed: 'must have 18 digits and capital letters (GB 32100), without I, O, S, V and Z',
  uscc_check: 'has a wrong check character: one character of it is mistyped',
}

/** So that a page is full also for an administrator of one city. */
function ownRegistrations({ administrator }: CommandContext) {
  if (!administrator || isProvince(administrator.region)) return {}
  return { registeredIn: administrator.region.slice(0, ownDigits(administrator.region)) }
}

const status = (verb: 'suspend' | 'resume', to: LegalPerson['status'], summary: string) =>
  command({
    noun: 'org',
    verb,
    summary,
    fields: { id },
    access: { role: 'operator', about: 'organisation' },
    example: `npx yideng org ${verb} ${exampleId}`,
    async run(context, input) {
      const { legalPersons } = await context.services()
      const changed = await legalPersons.setStatus(input.id, to, { actor: context.actor })
      return changed ? { ok: true, document: { id: input.id, status: to } } : unknown(input.id)
    },
  })

export const orgCommands: Command[] = [
  command({
    noun: 'org',
    verb: 'create',
    summary: 'open an organisation for its legal representative; you vouch for one the register does not have yet',
    fields: {
      name: { type: 'text', required: true, placeholder: 'NAME', meaning: 'as in the business register' },
      uscc: { type: 'text', required: true, placeholder: 'CODE', meaning: 'unified social credit code (GB 32100)' },
      representative: {
        type: 'text',
        required: true,
        placeholder: 'PERSON_ID',
        meaning: 'account of the legal representative, of level 3',
      },
    },
    access: { role: 'operator', about: 'organisation' },
    example:
      'npx yideng org create --name 深圳市云岭科技有限公司 --uscc 914403001922038216 ' +
      '--representative 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11',
    async run(context, input): Promise<Outcome> {
      const { parseCreditCode } = await import('../../accounts/identifiers/gb32100.ts')
      const { normaliseOrganisationName } = await import('../../accounts/identifiers/names.ts')
      const code = parseCreditCode(input.uscc)
      if (!code.ok) return wrong('uscc', codeProblems[code.problem])
      const name = normaliseOrganisationName(input.name)
      if (name === undefined) return wrong('name', 'has characters that cannot stand in the name of an organisation')
      const official = officialProblems(context, { name })
      if (official.length > 0) return invalid(...official)
      const { persons, legalPersons, businessRegister, database } = await context.services()
      const person = await persons.find(input.representative)
      if (!person) return notFound('person', input.representative)
      if (person.identityLevel < 3)
        return wrong('representative', 'is an account whose identity is not proven (level 3)')
      const { uscc } = code
      const known = await businessRegister.look(uscc)
      if (known.outcome === 'found' && known.name !== name) return wrong('name', 'is not the name the register has')
      if (known.outcome === 'not_found') {
        const { documentType, documentNumber } = persons.reveal(person)
        const entry = { uscc, name, status: 'active' as const, documentType, documentNumber }
        await database.transaction().execute((transaction) => businessRegister.add(transaction, [entry]))
      }
      const opened = await legalPersons.open({ uscc, person }, { actor: context.actor })
      if (opened.ok) return { ok: true, document: answerOf(opened.legalPerson) }
      if (opened.problem === 'not_representative') {
        return wrong('representative', 'is not whom the register names, or the organisation is not active there')
      }
      return failed('The business register cannot be reached.')
    },
  }),
  command({
    noun: 'org',
    verb: 'list',
    summary: 'list the organisations page by page',
    fields: {
      limit: limitField,
      after: afterField,
    },
    access: { role: 'viewer', about: 'rows' },
    example: 'npx yideng org list --limit 20',
    async run(context, { limit, after }) {
      const fault = limitFault(limit)
      if (fault) return fault
      const { legalPersons } = await context.services()
      const page = { limit: limit + 1, ...(after === undefined ? {} : { after }) }
      const found = await legalPersons.list({ ...page, ...ownRegistrations(context) })
      const shown = found.slice(0, limit).filter(({ uscc }) => context.sees(regionOfOrganisation(uscc)))
      const document = shown.map(answerOf)
      const columns = ['ID', 'CODE', 'NAME', 'KIND', 'STATUS', 'REPRESENTATIVE']
      const rows = document.map((one) => [one.id, one.uscc, one.name, one.kind, one.status, one.representative])
      const more = nextPage('org', limit, found)
      return {
        ok: true,
        document,
        shown: { columns, rows },
        notes: rows.length > 0 ? more : ['No organisations here.'],
      }
    },
  }),
  command({
    noun: 'org',
    verb: 'show',
    summary: 'show an organisation, and whether it can be acted for now',
    fields: { id },
    access: { role: 'viewer', about: 'organisation' },
    example: `npx yideng org show ${exampleId}`,
    async run(context, input) {
      const { legalPersons } = await context.services()
      const standing = await legalPersons.standing(input.id)
      if (!standing) return unknown(input.id)
      return { ok: true, document: { ...answerOf(standing.legalPerson), blocked_by: standing.blockedBy ?? null } }
    },
  }),
  status(
    'suspend',
    'suspended',
    'let nobody act for an organisation; portals end within seconds what they hold for it',
  ),
  status('resume', 'active', 'let people act for a suspended organisation again'),
  command({
    noun: 'org',
    verb: 'mandates',
    summary: 'list who may act for an organisation, and in what',
    fields: { id },
    access: { role: 'viewer', about: 'organisation' },
    example: `npx yideng org mandates ${exampleId}`,
    async run(context, input) {
      const { principals, clock } = await context.services()
      const view = await principals.view(input.id)
      if (view?.kind !== 'legal_person') return unknown(input.id)
      const { mattersInForce } = await import('../../accounts/mandates/rules.ts')
      const document = view.affairs.mandates.map((mandate) => ({
        id: mandate.id,
        role: mandate.role,
        person: mandate.personId,
        matters: mandate.matters,
        not_before: iso(mandate.notBefore),
        expires_at: iso(mandate.expiresAt),
        granted_by: mandate.grantedBy,
        state: mandate.state,
        in_force: mattersInForce(mandate, view.affairs, clock()).length > 0,
      }))
      const columns = ['ID', 'ROLE', 'PERSON', 'MATTERS', 'UNTIL', 'STATE', 'IN FORCE']
      const rows = document.map((one) => [
        one.id,
        one.role,
        one.person,
        one.matters.join(' '),
        one.expires_at,
        one.state,
        one.in_force ? 'yes' : 'no',
      ])
      return { ok: true, document, shown: { columns, rows }, notes: rows.length > 0 ? [] : ['No mandates.'] }
    },
  }),
]
