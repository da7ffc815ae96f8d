import type { Selectable } from 'kysely'
import type { Clock } from '../config/clock.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Database } from '../storage/database.ts'
import type { UpstreamTables } from '../storage/schema-upstreams.ts'

/** The id of an upstream, as YIDENG_UPSTREAMS and `--upstream` write it. */
export const upstreamId = /^[a-z0-9-]{1,32}$/

/** An account of an upstream that belongs to a person. */
export interface UpstreamLink {
  upstream: string
  subjectIndex: string
  personId: string
  /** What the upstream vouched for; the account itself may be at another level. */
  level: number
  /** Milliseconds since 1970 UTC. */
  linkedAt: number
  lastUsedAt: number | null
  /** The import that made it; null for a link that its person made. */
  batch: string | null
  /** The import opened the account too. */
  opened: boolean
  documentIndex: string | null
}

/** The link in the origin of a session (sessions/session-origin.ts), beside ids of authenticators. */
export const linkId = ({ upstream, subjectIndex }: Pick<UpstreamLink, 'upstream' | 'subjectIndex'>): string =>
  `${upstream}:${subjectIndex}`

/** The subject is the upstream's `sub`, compared character by character. */
export interface UpstreamSubject {
  upstream: string
  subject: string
}

/** The document that an upstream asserts, normalised. */
export interface AssertedDocument {
  type: string
  number: string
}

export interface NewUpstreamLink extends UpstreamSubject {
  personId: string
  level: number
  document?: AssertedDocument | undefined
  /** The username at the upstream, where another account has it here. */
  alias?: string | undefined
  batch?: string | undefined
  opened?: boolean | undefined
}

/** Links to accounts of existing systems: unique by upstream and subject. */
export interface UpstreamLinks {
  find(subject: UpstreamSubject, within?: Database): Promise<UpstreamLink | undefined>
  /** Oldest first. */
  of(personId: string, within?: Database): Promise<UpstreamLink[]>
  /** False where the subject is linked already, also to the same person. */
  add(within: Database, link: NewUpstreamLink): Promise<boolean>
  /** Notes a sign-in; false where the link is gone, or another person has it now. */
  used(link: UpstreamLink): Promise<boolean>
  /** Only a link of this person; false where it is gone, or another person has it now. */
  remove(within: Database, link: Pick<UpstreamLink, 'upstream' | 'subjectIndex' | 'personId'>): Promise<boolean>
  /** Whether the link was made with another document; false where one of them has none. */
  isOtherDocument(link: UpstreamLink, document: AssertedDocument | undefined): boolean
  /** The name of the account at the upstream, where another account has that username here. */
  alias(personId: string, within?: Database): Promise<{ upstream: string; alias: string }[]>
  /** The row of a new link, for a caller that writes many at once. */
  row(link: NewUpstreamLink): UpstreamTables['upstream_links']
  subjectIndex(subject: UpstreamSubject): string
  documentIndex(document: AssertedDocument): string
}

type Row = Selectable<UpstreamTables['upstream_links']>

const fromRow = (row: Row): UpstreamLink => ({
  upstream: row.upstream,
  subjectIndex: row.subject_index,
  personId: row.person_id,
  level: row.level,
  linkedAt: row.linked_at,
  lastUsedAt: row.last_used_at,
  batch: row.batch,
  opened: row.opened === 1,
  documentIndex: row.document_index,
})

const aliasAad = ({ upstream, subject_index: index }: Pick<Row, 'upstream' | 'subject_index'>) =>
  `upstream_links.alias:${upstream}:${index}`

export function createUpstreamLinks(deps: {
  database: Database
  cipher: FieldCipher
  blindIndex: BlindIndex
  clock: Clock
}): UpstreamLinks {
  const { database, cipher, blindIndex, clock } = deps
  const subjectIndex = ({ upstream, subject }: UpstreamSubject) =>
    blindIndex('upstream.subject', `${upstream}\0${subject}`)
  const documentIndex = ({ type, number }: AssertedDocument) => blindIndex('upstream.document', `${type}:${number}`)

  function row(link: NewUpstreamLink): UpstreamTables['upstream_links'] {
    const { upstream, personId, level, document, alias, batch, opened } = link
    const key = { upstream, subject_index: subjectIndex(link) }
    return {
      ...key,
      person_id: personId,
      level,
      document_index: document ? documentIndex(document) : null,
      alias: alias === undefined ? null : cipher.seal(alias, aliasAad(key)),
      linked_at: clock(),
      last_used_at: null,
      batch: batch ?? null,
      opened: opened === true ? 1 : 0,
    }
  }
  const ofPerson = (personId: string, within: Database) =>
    within
      .selectFrom('upstream_links')
      .selectAll()
      .where('person_id', '=', personId)
      .orderBy('linked_at')
      .orderBy('subject_index')
      .execute()

  return {
    row,
    subjectIndex,
    documentIndex,
    async find(subject, within = database) {
      const found = await within
        .selectFrom('upstream_links')
        .selectAll()
        .where('upstream', '=', subject.upstream)
        .where('subject_index', '=', subjectIndex(subject))
        .executeTakeFirst()
      return found && fromRow(found)
    },
    of: async (personId, within = database) => (await ofPerson(personId, within)).map(fromRow),
    async add(within, link) {
      const { numInsertedOrUpdatedRows: added } = await within
        .insertInto('upstream_links')
        .values(row(link))
        .onConflict((conflict) => conflict.columns(['upstream', 'subject_index']).doNothing())
        .executeTakeFirst()
      return added === 1n
    },
    async used({ upstream, subjectIndex: index, personId }) {
      const { numUpdatedRows } = await database
        .updateTable('upstream_links')
        .set({ last_used_at: clock() })
        .where('upstream', '=', upstream)
        .where('subject_index', '=', index)
        .where('person_id', '=', personId)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },
    async remove(within, { upstream, subjectIndex: index, personId }) {
      const { numDeletedRows } = await within
        .deleteFrom('upstream_links')
        .where('upstream', '=', upstream)
        .where('subject_index', '=', index)
        .where('person_id', '=', personId)
        .executeTakeFirst()
      return numDeletedRows === 1n
    },
    isOtherDocument: ({ documentIndex: linked }, document) =>
      linked !== null && document !== undefined && linked !== documentIndex(document),
    alias: async (personId, within = database) =>
      (await ofPerson(personId, within)).flatMap((one) =>
        one.alias === null ? [] : [{ upstream: one.upstream, alias: cipher.open(one.alias, aliasAad(one)) }],
      ),
  }
}
