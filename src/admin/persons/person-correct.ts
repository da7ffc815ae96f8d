import { parseDocument, documentTypes } from '../../accounts/identifiers/documents.ts'
import { checkName, normaliseName } from '../../accounts/identifiers/names.ts'
import { parsePhone } from '../../accounts/identifiers/phones.ts'
import type { Correction, Corrected } from '../../accounts/natural-persons.ts'
import { tellOldNumber } from '../../guards/phone-codes/tell-old-number.ts'
import { countNotice } from '../../guards/phone-codes/day-budget.ts'
import type { Services } from '../../services.ts'
import type { ConditionalTouch } from '../duties.ts'
import { openExisting } from '../existing-artifacts.ts'
import type { Input } from '../fields.ts'
import { failed, invalid, type Problem } from '../outcome.ts'
import { maskedPerson } from './masked-person.ts'
import { personCommand } from './person-command.ts'
import { identifierWords } from './person-opening.ts'
import { noPerson, personOf, selectorFields } from './which-person.ts'

type Refusal = (Corrected & { ok: false })['problem']

const refusals: Record<Exclude<Refusal, 'gone'>, string> = {
  unchanged: 'Nothing is different: give the new name, document number or phone.',
  not_matched: 'The population register does not have this name with this number, or does not answer.',
  document_taken: 'Another account has proven this document number: see person prove.',
  changed_meanwhile: 'Another change of this account came first: look at it again.',
}

/** A thief who changes them gets the messages of the owner, or the identity. */
const identifiers: ConditionalTouch = {
  touch: 'an identifier of an account',
  when: 'with --phone, or with --id-number as the new number',
  applies: async (_services, input) => input['phone'] !== undefined || input['id-number'] !== undefined,
}

const newValues = ['name', 'phone', 'id-number', 'document-type', 'reason'] as const
/** In this order, the first one given names the person. */
const selectors = ['id', 'username', 'id-number'] as const

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

/** Reads the new values by the rules of registration, and reports every problem at once. */
function readCorrection(
  input: Input,
  type: string,
  today: Date,
): { ok: true; correction: Correction } | { ok: false; problems: Problem[] } {
  const [given, number, mobile] = [text(input['name']), text(input['id-number']), text(input['phone'])]
  const name = given === undefined ? undefined : normaliseName(given)
  const document =
    number === undefined ? undefined : parseDocument({ type: text(input['document-type']) ?? type, number, today })
  const phone = mobile === undefined ? undefined : parsePhone(mobile)
  const found = {
    name: name === undefined ? undefined : checkName(name),
    'id-number': document && !document.ok ? document.problem : undefined,
    phone: phone && !phone.ok ? phone.problem : undefined,
  }
  const problems = Object.entries(found).flatMap(([field, problem]) =>
    problem === undefined ? [] : [{ field, message: identifierWords[problem] }],
  )
  if (problems.length > 0) return { ok: false, problems }
  const correction = {
    name,
    document: document?.ok ? document.document : undefined,
    phone: phone?.ok ? phone.phone : undefined,
  }
  return { ok: true, correction }
}

/** The text counts in the budget of the day. A store that does not answer changes nothing: the correction is made. */
async function tellAndCount(services: Services, about: { phone: string; personId: string }): Promise<void> {
  if (!(await tellOldNumber(services, about))) return
  const artifacts = await openExisting(services.settings, services.clock).catch(() => undefined)
  if (!artifacts) return
  await countNotice(artifacts)
    .catch(() => undefined)
    .finally(() => artifacts.close())
}

export default personCommand({
  fields: {
    id: {
      ...selectorFields.id,
      meaning: `${selectorFields.id.meaning}; without it, --username or else the present --id-number names the person`,
    },
    username: selectorFields.username,
    name: { type: 'text', placeholder: 'NAME', meaning: 'the right name, as on the document' },
    phone: { type: 'text', placeholder: 'NUMBER', meaning: 'the new mobile number' },
    'id-number': {
      type: 'text',
      placeholder: 'NUMBER',
      meaning:
        'beside PERSON or --username: the right document number; without them: the present number, which names the person',
    },
    'document-type': { type: 'text', choices: documentTypes, meaning: 'kind of the new document; default: as before' },
    reason: {
      type: 'text',
      required: true,
      placeholder: 'TEXT',
      meaning: 'the reason, sealed in the audit log; the person can read it in their own data',
    },
  },
  access: { role: 'operator', about: 'system', touches: ['an account'], sometimes: identifiers },
  example: 'npx yideng person correct --id-number 11010519491231002X --phone 13800138001 --reason 换号',
  async resolve(context, input, command) {
    const by = selectors.find((name) => text(input[name]) !== undefined) ?? 'id'
    const found = await personOf(context, { [by]: input[by] }, command)
    if (!found.ok) return found
    const values = newValues.flatMap((name) =>
      name === by || input[name] === undefined ? [] : [[name, input[name]] as const],
    )
    return { ok: true, input: { id: found.person.id, ...Object.fromEntries(values) } }
  },
  async run(context, input, person) {
    const read = readCorrection(input, person.row.document_type, new Date(context.clock()))
    if (!read.ok) return invalid(...read.problems)
    const services = await context.services()
    const { persons } = services
    const by = { actor: context.actor, restricted: { reason: input.reason } }
    const corrected = await persons.correct(person.id, read.correction, { by, source: 'counter' })
    if (corrected.ok) {
      const { changed, phoneBefore } = corrected
      if (changed.includes('phone')) await tellAndCount(services, { phone: phoneBefore, personId: person.id })
      return { ok: true, document: { ...maskedPerson(persons, corrected.person), corrected: changed } }
    }
    if (corrected.problem === 'gone') return noPerson
    const message = refusals[corrected.problem]
    return corrected.problem === 'changed_meanwhile' ? failed(message) : invalid({ message })
  },
})
