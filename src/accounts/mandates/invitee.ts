import { randomInt } from 'node:crypto'
import type { BlindIndex } from '../../keys/blind-index.ts'
import { readIdentifier, type IdentifierReading } from '../identifiers/identify.ts'
import { checkName, matchKey, normaliseName } from '../identifiers/names.ts'
import type { NaturalPerson, NaturalPersons } from '../natural-persons.ts'

/** The person a mandate is offered to: named by name, and phone or document number. */
export interface Invitee {
  name: string
  /** Keyed fingerprint of both. */
  key: string
  /** Accounts do not prove their phone number, so the giver passes on a code. */
  needsCode: boolean
}

export interface InviteeProblems {
  name?: 'name_required' | 'name_malformed' | 'name_too_long'
  contact?: 'contact_required' | 'contact_malformed'
}

export type ReadInvitee =
  | { ok: true; invitee: Invitee; contact: IdentifierReading }
  | { ok: false; problems: InviteeProblems }

const keyOf = (blindIndex: BlindIndex, kind: string, value: string, name: string) =>
  blindIndex('mandate.invitee', `${kind}:${value}:${matchKey(name)}`)

export function readInvitee(blindIndex: BlindIndex, given: { name: string; contact: string }): ReadInvitee {
  const name = normaliseName(given.name)
  const nameProblem = checkName(name)
  const contact = readIdentifier(given.contact).find(({ kind }) => kind !== 'username')
  if (nameProblem || !contact) {
    const problems: InviteeProblems = {}
    if (nameProblem) problems.name = nameProblem
    if (!contact) problems.contact = given.contact.trim() === '' ? 'contact_required' : 'contact_malformed'
    return { ok: false, problems }
  }
  const { kind, value } = contact
  return {
    ok: true,
    contact,
    invitee: { name, key: keyOf(blindIndex, kind, value, name), needsCode: kind === 'phone' },
  }
}

/** All keys under which an offer may name this person. Only a proven name counts, so an account of level 2 has none. */
export function inviteeKeysOf(blindIndex: BlindIndex, persons: NaturalPersons, person: NaturalPerson): string[] {
  if (person.identityLevel < 3) return []
  const { name, phone, documentNumber } = persons.reveal(person)
  return [keyOf(blindIndex, 'document', documentNumber, name), keyOf(blindIndex, 'phone', phone, name)]
}

export const freshCode = () => String(randomInt(0, 1_000_000)).padStart(6, '0')

export const codeKeyOf = (blindIndex: BlindIndex, mandateId: string, code: string) =>
  blindIndex('mandate.code', `${mandateId}:${code}`)

/** What the name of an invitee is sealed to (see FieldCipher). */
export const inviteeAad = (id: string) => `mandates.invitee_name:${id}`
