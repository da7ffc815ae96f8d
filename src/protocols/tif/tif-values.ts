import { createHash } from 'node:crypto'
import type { Client } from '../../clients/clients.ts'
import { levelOf } from '../../assurance/levels.ts'
import type { TifProfile, TifValues } from '../../config/legacy-protocols.ts'
import type { LegacyClaims, LegacyGrant } from '../redeem.ts'

/** 32 hexadecimal digits, as the codes of accounts have. */
const hexOf = (subject: string) =>
  subject === '' ? '' : createHash('sha256').update(`useridcode\0${subject}`).digest('hex').slice(0, 32)

const textOf = (value: unknown) => (typeof value === 'string' ? value : '')

/** yyyyMMddHHmmss in China. @param seconds since 1970 UTC */
const timeOf = (seconds: number) =>
  new Date(seconds * 1000 + 8 * 3_600_000).toISOString().slice(0, 19).replaceAll(/\D/g, '')

/** The claim `representee` of an organisation (DESIGN 1.4). */
interface Acting {
  status?: unknown
  type?: unknown
  sub?: unknown
  name?: unknown
  uscc?: unknown
  relation?: unknown
}

/** A document: its kind, as portals read it, and its number. */
interface Named {
  name: string
  documentType: string
  documentNumber: string
}

const nobody: Named = { name: '', documentType: '', documentNumber: '' }

/**
 * What the portal may know about an account, in the words of a profile. Everything else is empty, never absent: old code
 * reads the length of each field.
 */
export function tifValuesOf(
  profile: TifProfile,
  { client, grant, claims }: { client: Client; grant: LegacyGrant; claims: LegacyClaims },
): TifValues {
  const person = personOf(profile, claims)
  const organisation = organisationOf(profile, claims)
  const isOwner = organisation?.relation === 'legal_representative'
  const account = isOwner ? organisation : person
  const parent = isOwner ? undefined : organisation
  const subject = isOwner ? organisation.subject : subjectOf(claims.sub, organisation)
  const actor = organisation ? person : nobody
  const phone = phoneOf(claims)
  const isReal = (levelOf(grant.acr) ?? 2) >= 3
  return {
    subject,
    subjectHex: hexOf(subject),
    userType: organisation ? '2' : '1',
    name: account.name,
    documentType: account.documentType,
    documentNumber: account.documentNumber,
    phone,
    sex: organisation ? '' : sexOf(profile, claims),
    isReal: String(isReal),
    level: levelFor(profile, client, grant),
    way: wayOf(profile, grant.amr),
    signedInAt: timeOf(grant.authTime),
    actorName: actor.name,
    actorDocumentType: actor.documentType,
    actorDocumentNumber: actor.documentNumber,
    actorPhone: organisation ? phone : '',
    organisationNumber: organisation?.documentNumber ?? '',
    representativeName: isOwner ? person.name : '',
    representativeNumber: isOwner ? person.documentNumber : '',
    parentSubject: parent?.subject ?? '',
    parentSubjectHex: hexOf(parent?.subject ?? ''),
    parentUserType: parent ? '2' : '',
    parentName: parent?.name ?? '',
    parentDocumentType: parent?.documentType ?? '',
    parentDocumentNumber: parent?.documentNumber ?? '',
  }
}

function personOf({ documentTypes }: TifProfile, claims: LegacyClaims): Named {
  const type = textOf(claims['id_type'])
  const documentType = type === '' ? '' : (documentTypes[type] ?? documentTypes.other)
  return { name: textOf(claims['name']), documentType, documentNumber: textOf(claims['id_number']) }
}

/** Undefined for a person who acts for no organisation. */
function organisationOf({ documentTypes }: TifProfile, claims: LegacyClaims) {
  const acting = claims['representee'] as Acting | undefined
  if (acting?.status !== 'acting' || acting.type !== 'legal_person') return undefined
  const documentNumber = textOf(acting.uscc)
  return {
    subject: hashOf('organisation', textOf(acting.sub)),
    relation: acting.relation,
    name: textOf(acting.name),
    documentType: documentNumber === '' ? '' : documentTypes.uscc,
    documentNumber,
  }
}

/**
 * A person, an organisation, and a person with its mandate are three accounts: the portal must not take one for another.
 * Each has the form of a pairwise subject.
 */
const subjectOf = (person: string, organisation: { subject: string } | undefined) =>
  organisation ? hashOf('mandate', organisation.subject, person) : person

const hashOf = (...parts: string[]) => createHash('sha256').update(parts.join('\0')).digest('base64url')

/** Without the prefix of China, as old portals store it. */
const phoneOf = (claims: LegacyClaims) => textOf(claims['phone_number']).replace(/^\+86/, '')

function sexOf({ sexes }: TifProfile, claims: LegacyClaims): string {
  const gender = textOf(claims['gender'])
  return gender === 'male' || gender === 'female' ? sexes[gender] : ''
}

/** The level that the portal asked for, because some compare it by `==`; never more than was proven. */
function levelFor({ levels }: TifProfile, { min_level: asked }: Client, { acr }: LegacyGrant): string {
  const proven = levelOf(acr) ?? 2
  return levels[asked < proven ? asked : proven]
}

function wayOf({ ways }: TifProfile, amr: readonly string[]): string {
  const [, way] = Object.entries(ways).find(([name]) => amr.includes(name)) ?? []
  return way ?? ways.other
}
