import { readIdentifier, type IdentifierReading } from '../../accounts/identifiers/identify.ts'
import { checkName, matchKey } from '../../accounts/identifiers/names.ts'
import { mostFound } from '../../accounts/person-lookups.ts'
import type { NaturalPerson, Sought } from '../../accounts/natural-persons.ts'
import type { CommandContext } from '../command-context.ts'
import type { Input } from '../fields.ts'
import { failed, invalid, type Failure } from '../outcome.ts'
import { maskedPerson } from './masked-person.ts'

/** The fields of a command that name its person, by one of four ways. */
export const selectorFields = {
  id: {
    type: 'text',
    positional: true,
    personal: true,
    placeholder: 'PERSON',
    meaning: 'id of the account, or document number, phone or username of the person',
  },
  'id-number': { type: 'text', placeholder: 'NUMBER', meaning: 'the person has this document number' },
  phone: { type: 'text', placeholder: 'NUMBER', meaning: 'the person has this mobile number' },
  username: { type: 'text', placeholder: 'NAME', meaning: 'the person has this username' },
} as const

/** A field that names a person, where the command is about something else. */
export const personField = {
  type: 'text',
  personal: true,
  placeholder: 'PERSON',
} as const

/** The texts that name a person, as given. */
export type Selector = { [K in keyof typeof selectorFields | 'name']?: unknown }

const kinds = { 'id-number': 'document', phone: 'phone', username: 'username' } as const

export const isAccountId = (text: string) => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)

/** No message repeats what was typed: it is personal data. */
export const noPerson: Failure = {
  ok: false,
  kind: 'not_found',
  problems: [{ message: 'There is no such person.' }],
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')

/** What a selector means; the field and its fault where it means nothing. */
function readSelector(selector: Selector): { sought: Sought[] } | { id: string } | Failure {
  const given = Object.entries(selector).flatMap(([field, value]) => (text(value) === '' ? [] : [[field, text(value)]]))
  const [[field = '', value = ''] = []] = given
  if (given.length === 0) return invalid({ field: 'id', message: 'is missing: who is it?' })
  if (given.length > 1) return invalid({ message: 'Name the person in one way only.' })
  if (field === 'id' && isAccountId(value)) return { id: value.toLowerCase() }
  if (field === 'name') {
    const key = matchKey(value)
    return checkName(key) === undefined ? { sought: [{ kind: 'name', value: key }] } : noPerson
  }
  const wanted: IdentifierReading['kind'] | undefined = kinds[field as keyof typeof kinds]
  const sought = readIdentifier(value).filter(({ kind }) => wanted === undefined || kind === wanted)
  return sought.length > 0 ? { sought } : noPerson
}

/**
 * The accounts that a selector fits. An id is looked up silently; every other way is counted and audited.
 * @param command the name of the command that asks
 */
export async function peopleOf(
  context: CommandContext,
  selector: Selector,
  command: string,
): Promise<{ ok: true; people: readonly NaturalPerson[] } | Failure> {
  const read = readSelector(selector)
  if ('ok' in read) return read
  const { persons, personLookups } = await context.services()
  if ('id' in read) {
    const person = await persons.find(read.id)
    return person ? { ok: true, people: [person] } : noPerson
  }
  const people = await personLookups.look(read.sought, { actor: context.actor, command })
  if (!people) return failed('You looked for too many people: wait up to an hour.')
  return people.length > 0 ? { ok: true, people } : noPerson
}

/** The one account that a selector fits. Several are a refusal with the masked candidates: never a guess. */
export async function personOf(
  context: CommandContext,
  selector: Selector,
  command: string,
): Promise<{ ok: true; person: NaturalPerson } | Failure> {
  const found = await peopleOf(context, selector, command)
  if (!found.ok) return found
  const [person, ...others] = found.people
  if (person && others.length === 0) return { ok: true, person }
  const { persons } = await context.services()
  const candidates = found.people.slice(0, mostFound).map((one) => {
    const { id, name, document_number: number, phone, level, status } = maskedPerson(persons, one)
    return { message: [id, name, number, phone, level, status].join('  ') }
  })
  const more = found.people.length > mostFound ? [{ message: `More than ${mostFound} accounts fit.` }] : []
  return invalid({ message: 'Several accounts fit: give the id of one.' }, ...candidates, ...more)
}

/**
 * The input with the id of the account in this field. An id stays as it is: the command itself answers for it. Only those who may look
 * people up (`person find`) name them otherwise.
 */
export async function withPersonIn(
  context: CommandContext,
  input: Input,
  field: string,
  command: string,
): Promise<{ ok: true; input: Input } | Failure> {
  const given = text(input[field])
  if (given === '' || isAccountId(given)) return { ok: true, input }
  if (!context.sees(undefined)) return invalid({ field, message: 'must be the id of the account, for you' })
  const found = await personOf(context, { id: given }, command)
  return found.ok ? { ok: true, input: { ...input, [field]: found.person.id } } : found
}

/** The input with the id of the account in place of what names the person. */
export async function withPersonId(
  context: CommandContext,
  input: Input,
  command: string,
): Promise<{ ok: true; input: Input } | Failure> {
  const { id, 'id-number': number, phone, username, ...rest } = input
  const found = await personOf(context, { id, 'id-number': number, phone, username }, command)
  return found.ok ? { ok: true, input: { id: found.person.id, ...rest } } : found
}
