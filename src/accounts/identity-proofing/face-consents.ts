import type { AuditLog } from '../../audit/audit-log.ts'
import type { Clock } from '../../config/clock.ts'
import type { FaceReferences } from '../../proofing/face/references.ts'
import type { Database } from '../../storage/database.ts'
import { parseDocument } from '../identifiers/documents.ts'
import type { Actor, NaturalPerson, NaturalPersons } from '../natural-persons.ts'
import type { Notifier } from '../notices.ts'

/** Version of the text that people agree to before the first capture (views/face/consent.eta). Change it with the text. @internal */
export const faceNoticeVersion = '2026-11'

/** Stored in place of a version: the person took the consent back. */
const takenBack = 'taken back'

/** In years. Under this age a guardian consents (Personal Information Protection Law, art. 31). */
const ageOfConsent = 14
const adult = 18

export interface FaceConsent {
  version: string
  givenAt: number
  by: 'guardian' | 'person'
}

export interface FaceConsents {
  /** The consent, to any version of the text. */
  of(person: NaturalPerson): Promise<FaceConsent | undefined>
  /** Whether the person consented to the current text. */
  given(personId: string): Promise<boolean>
  /** The person's own consent; false where they are too young. */
  give(person: NaturalPerson, by: Actor): Promise<boolean>
  /** A guardian's consent for a child, at a counter: a clerk checked the relation in their documents. */
  giveFor(person: NaturalPerson, guardian: NaturalPerson, by: Actor): Promise<'given' | 'not_a_child' | 'no_guardian'>
  mayAgree(person: NaturalPerson): boolean
  /** The document has no date of birth: the person confirms that they are old enough. */
  isAgeUnknown(person: NaturalPerson): boolean
  /** Whether the person took the consent back, and did not give it again. */
  withdrawn(personId: string): Promise<boolean>
  /** Ends the consent, and erases the template; earlier proofs stay valid. False when there was neither. */
  withdraw(person: NaturalPerson, by: Actor): Promise<boolean>
}

export interface FaceConsentsDeps {
  database: Database
  persons: Pick<NaturalPersons, 'reveal'>
  references: FaceReferences
  notifier: Notifier
  audit: AuditLog
  clock: Clock
}

export function createFaceConsents(deps: FaceConsentsDeps): FaceConsents {
  const { database, persons, references, notifier, audit, clock } = deps

  /** Whole years; undefined where the document has no date of birth. */
  function ageOf(person: NaturalPerson, at = clock()): number | undefined {
    const { documentType: type, documentNumber: number } = persons.reveal(person)
    const now = new Date(at)
    const document = parseDocument({ type, number, today: now })
    const birthDate = document.ok ? document.document.birthDate : undefined
    if (birthDate === undefined) return undefined
    const born = new Date(birthDate)
    const before =
      now.getUTCMonth() < born.getUTCMonth() ||
      (now.getUTCMonth() === born.getUTCMonth() && now.getUTCDate() < born.getUTCDate())
    return now.getUTCFullYear() - born.getUTCFullYear() - (before ? 1 : 0)
  }

  const mayAgree = (person: NaturalPerson, at = clock()) => (ageOf(person, at) ?? adult) >= ageOfConsent

  const keep = (personId: string, guardianId: string | null, by: Actor) =>
    database.transaction().execute(async (transaction) => {
      const row = { notice_version: faceNoticeVersion, guardian_id: guardianId, given_at: clock() }
      await transaction
        .insertInto('face_consents')
        .values({ person_id: personId, ...row })
        .onConflict((conflict) => conflict.column('person_id').doUpdateSet(row))
        .execute()
      const details = { notice: faceNoticeVersion, guardian: guardianId ?? undefined }
      await audit.append(transaction, { event: 'face.consented', ...by, personId, details })
    })

  const versionOf = async (personId: string, within: Database = database) => {
    const row = await within
      .selectFrom('face_consents')
      .select('notice_version')
      .where('person_id', '=', personId)
      .executeTakeFirst()
    return row?.notice_version
  }

  return {
    mayAgree: (person) => mayAgree(person),
    isAgeUnknown: (person) => ageOf(person) === undefined,
    async of(person) {
      const row = await database
        .selectFrom('face_consents')
        .select(['notice_version', 'given_at', 'guardian_id'])
        .where('person_id', '=', person.id)
        .where('notice_version', '<>', takenBack)
        .executeTakeFirst()
      if (!row) return undefined
      // The id of the guardian is erased with their account, so the age decides. Export must not show the guardian.
      const by = row.guardian_id === null && mayAgree(person, row.given_at) ? 'person' : 'guardian'
      return { version: row.notice_version, givenAt: row.given_at, by }
    },
    given: async (personId) => (await versionOf(personId)) === faceNoticeVersion,
    withdrawn: async (personId) => (await versionOf(personId)) === takenBack,
    async give(person, by) {
      if (!mayAgree(person)) return false
      await keep(person.id, null, by)
      return true
    },
    async giveFor(person, guardian, by) {
      if ((ageOf(person) ?? 0) >= ageOfConsent) return 'not_a_child'
      const fit = guardian.status === 'active' && guardian.identityLevel >= 3 && (ageOf(guardian) ?? adult) >= adult
      if (!fit || guardian.id === person.id) return 'no_guardian'
      await keep(person.id, guardian.id, by)
      return 'given'
    },
    withdraw: (person, by) =>
      database.transaction().execute(async (transaction) => {
        const version = await versionOf(person.id, transaction)
        const agreed = version !== undefined && version !== takenBack
        const row = { notice_version: takenBack, guardian_id: null, given_at: clock() }
        // also without a consent: a face recovers this account no longer
        await transaction
          .insertInto('face_consents')
          .values({ person_id: person.id, ...row })
          .onConflict((conflict) => conflict.column('person_id').doUpdateSet(row))
          .execute()
        // only the person who has proven the number decides about the face behind it
        const erased = person.identityLevel >= 3 && (await references.erase(persons.reveal(person), transaction))
        if (!agreed && !erased) return false
        await audit.append(transaction, { event: 'face.withdrawn', ...by, personId: person.id, details: { erased } })
        await notifier.notify({ personId: person.id, kind: 'face-withdrawn', restricted: by.restricted }, transaction)
        return true
      }),
  }
}
