import type { ConditionalTouch } from '../duties.ts'
import { organisationDocument } from './organisation-document.ts'
import { command } from '../command.ts'
import { failed, invalid, notFound, type Outcome } from '../outcome.ts'
import { personField, withPersonIn } from '../persons/which-person.ts'
import { officialProblems } from '../clients/official.ts'
import { parseCreditCode } from '../../accounts/identifiers/gb32100.ts'
import {
  normaliseOrganisationName,
  organisationKey,
  registeredOrganisationName,
} from '../../accounts/identifiers/names.ts'

const wrong = (field: string, message: string) => invalid({ field, message })

const codeProblems = {
  uscc_required: 'must be given',
  uscc_malformed: 'must have 18 digits and capital letters (GB 32100), without I, O, S, V and Z',
  uscc_check: 'has a wrong check character: one character of it is mistyped',
}

const notAllowed = 'has characters that are not allowed in the name of an organisation'

const unregistered: ConditionalTouch = {
  touch: 'an organisation that no register names',
  when: 'where the business register does not have the organisation',
  async applies({ businessRegister }, { uscc }) {
    const code = parseCreditCode(typeof uscc === 'string' ? uscc : '')
    return !code.ok || (await businessRegister.look(code.uscc)).outcome !== 'found'
  },
}

export default command({
  fields: {
    name: { type: 'text', required: true, placeholder: 'NAME', meaning: 'as in the business register' },
    uscc: { type: 'text', required: true, placeholder: 'CODE', meaning: 'unified social credit code (GB 32100)' },
    representative: {
      ...personField,
      required: true,
      meaning: 'the legal representative, of level 3: id of the account, document number, phone or username',
    },
  },
  access: { role: 'operator', about: 'organisation', touches: ['an organisation'], sometimes: unregistered },
  resolve: (context, input, name) => withPersonIn(context, input, 'representative', name),
  example:
    'npx yideng org create --name 深圳市云岭科技有限公司 --uscc 914403001922038216 ' +
    '--representative 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11',
  async run(context, input): Promise<Outcome> {
    const code = parseCreditCode(input.uscc)
    if (!code.ok) return wrong('uscc', codeProblems[code.problem])
    const name = registeredOrganisationName(input.name)
    if (name === undefined) return wrong('name', notAllowed)
    const official = officialProblems(context, { name })
    if (official.length > 0) return invalid(...official)
    const { persons, legalPersons, businessRegister, database } = await context.services()
    const person = await persons.find(input.representative)
    if (!person) return notFound('person', input.representative)
    if (person.identityLevel < 3) return wrong('representative', 'is an account whose identity is not proven (level 3)')
    const { uscc } = code
    const known = await businessRegister.look(uscc)
    if (known.outcome === 'found' && organisationKey(known.name) !== organisationKey(name)) {
      return wrong('name', 'is not the name in the register')
    }
    if (known.outcome === 'not_found') {
      if (!code.checks) return wrong('uscc', codeProblems.uscc_check)
      const typedName = normaliseOrganisationName(name)
      if (typedName === undefined) return wrong('name', notAllowed)
      const { documentType, documentNumber } = persons.reveal(person)
      const entry = { uscc, name: typedName, status: 'active' as const, documentType, documentNumber }
      await database.transaction().execute((transaction) => businessRegister.add(transaction, [entry]))
    }
    const opened = await legalPersons.open({ uscc, person }, { actor: context.actor })
    if (opened.ok) return { ok: true, document: organisationDocument(opened.legalPerson) }
    if (opened.problem === 'not_representative') {
      return wrong('representative', 'is not the person in the register, or the organisation is not active there')
    }
    return failed('The business register cannot be reached.')
  },
})
