import type { Selectable } from 'kysely'
import type { Clock } from '../config/clock.ts'
import { dayMs } from '../config/time.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import { isSealed, macOf } from '../keys/row-guard.ts'
import type { RowSeal } from '../keys/row-seal.ts'
import type { Database } from '../storage/database.ts'
import { hashId } from '../storage/hash-id.ts'
import type { UpstreamLinkWay, UpstreamTables } from '../storage/schema-upstreams.ts'
import { learnDocument } from './upstream-link-document.ts'
import { forgetOffer, isLinkRefused, refuseLink, type LinkKey } from './upstream-offers.ts'

export type { UpstreamLinkWay } from '../storage/schema-upstreams.ts'

/** A link that its person did not make may be undone for this time (facts/upstreams.md, case 3). */
export const undoMs = 30 * dayMs
/** For this time a sign-in by such a link changes nothing in the account. */
export const holdMs = dayMs

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
  /** The account was opened with the link. */
  opened: boolean
  documentIndex: string | null
  way: UpstreamLinkWay
  /** Milliseconds since 1970 UTC; null for a link that its person made. */
  undoUntil: number | null
  /** Until then a sign-in by the link changes no authenticator, mandate or recovery. */
  heldUntil: number | null
  /** Paused by a recovery: it is no way in until its person confirms it. */
  pausedAt: number | null
}

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
  way: UpstreamLinkWay
}

/** Links to accounts of existing systems: unique by upstream and subject. */
export interface UpstreamLinks {
  find(subject: UpstreamSubject, within?: Database): Promise<UpstreamLink | undefined>
  /** Oldest first. */
  of(personId: string, within?: Database): Promise<UpstreamLink[]>
  /**
   * False where the subject is linked already, also to the same person; for `number` also where the person has refused this link.
   * A sign-in ends the refusal.
   */
  add(within: Database, link: NewUpstreamLink): Promise<boolean>
  /** The end of the longest hold of a person's links (ms since 1970 UTC); undefined where none is held now. */
  heldUntil(personId: string): Promise<number | undefined>
  /**
   * Notes a sign-in. A link without a document gets the one that the upstream has proven now. False where the link is gone, paused, of
   * another person now, or of another document now.
   */
  used(link: UpstreamLink, proven?: AssertedDocument): Promise<boolean>
  /** Only a link of this person; false where it is gone, or another person has it now. */
  remove(within: Database, link: LinkKey): Promise<boolean>
  /** Pauses a link, or ends its pause (`null`); false where it has changed since. */
  pause(within: Database, link: UpstreamLink, at: number | null): Promise<boolean>
  /** Notes that the person does not want this link: it is never made by number again, and never offered. */
  refuse(within: Database, link: LinkKey): Promise<void>
  /** Whether the person has refused a link to this subject. */
  isRefused(subject: UpstreamSubject & { personId: string }, within?: Database): Promise<boolean>
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
  way: row.way,
  undoUntil: row.undo_until,
  heldUntil: row.held_until,
  pausedAt: row.paused_at,
})

/** Names one link in addresses, and in the origin of a session that it began. Nothing of the subject can be read from it. */
export const linkId = ({ upstream, subjectIndex }: Pick<UpstreamLink, 'upstream' | 'subjectIndex'>): string =>
  hashId(`${upstream}:${subjectIndex}`)

const aliasAad = ({ upstream, subject_index: index }: Pick<Row, 'upstream' | 'subject_index'>) =>
  `upstream_links.alias:${upstream}:${index}`

export function createUpstreamLinks(deps: {
  database: Database
  cipher: FieldCipher
  blindIndex: BlindIndex
  /** Called for each ignored row: the store was changed by another program. */
  seal: RowSeal
  /** Called for each ignored link: another program changed the store. */
  unsealed: (row: { id: string }) => void
  clock: Clock
}): UpstreamLinks {
  const { database, cipher, seal, blindIndex, unsealed, clock } = deps
  const subjectIndex = ({ upstream, subject }: UpstreamSubject) =>
    blindIndex('upstream.subject', `${upstream}\0${subject}`)
  const documentIndex = ({ type, number }: AssertedDocument) => blindIndex('upstream.document', `${type}:${number}`)

  function row(link: NewUpstreamLink): UpstreamTables['upstream_links'] {
    const { upstream, personId, level, document, alias, batch, opened = false, way } = link
    const now = clock()
    const byNumber = way === 'number' || (way === 'import' && !opened)
    const key = { upstream, subject_index: subjectIndex(link) }
    const made = {
      ...key,
      person_id: personId,
      level,
      document_index: document ? documentIndex(document) : null,
      alias: alias === undefined ? null : cipher.seal(alias, aliasAad(key)),
      linked_at: now,
      last_used_at: null,
      batch: batch ?? null,
      opened: opened ? 1 : 0,
      way,
      undo_until: byNumber ? now + undoMs : null,
      held_until: byNumber ? now + holdMs : null,
      paused_at: null,
    }
    return { ...made, mac: macOf(seal, 'upstream_links', made) }
  }

  /** The links that this program wrote: another one is ignored. */
  function usable(rows: readonly Row[]): UpstreamLink[] {
    const sealed = rows.filter((one) => isSealed(seal, 'upstream_links', one))
    for (const one of rows) if (!sealed.includes(one)) unsealed({ id: linkId(fromRow(one)) })
    return sealed.map(fromRow)
  }
  const ofPerson = (personId: string, within: Database) =>
    within
      .selectFrom('upstream_links')
      .selectAll()
      .where('person_id', '=', personId)
      .orderBy('linked_at')
      .orderBy('subject_index')
      .execute()

  async function remove(within: Database, { upstream, subjectIndex: index, personId }: LinkKey): Promise<boolean> {
    const { numDeletedRows } = await within
      .deleteFrom('upstream_links')
      .where('upstream', '=', upstream)
      .where('subject_index', '=', index)
      .where('person_id', '=', personId)
      .executeTakeFirst()
    return numDeletedRows === 1n
  }

  const learn = ({ opened, ...link }: UpstreamLink, document: string) =>
    learnDocument(seal, database, {
      upstream: link.upstream,
      subject_index: link.subjectIndex,
      person_id: link.personId,
      level: link.level,
      linked_at: link.linkedAt,
      opened: opened ? 1 : 0,
      way: link.way,
      document_index: document,
    })

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
      return found && usable([found])[0]
    },
    of: async (personId, within = database) => usable(await ofPerson(personId, within)),
    async heldUntil(personId) {
      const held = await database
        .selectFrom('upstream_links')
        .select(({ fn }) => fn.max('held_until').as('until'))
        .where('person_id', '=', personId)
        .where('held_until', '>', clock())
        .executeTakeFirst()
      return held?.until ?? undefined
    },
    async add(within, link) {
      const { numInsertedOrUpdatedRows: added } = await within
        .insertInto('upstream_links')
        .values(row(link))
        .onConflict((conflict) => conflict.columns(['upstream', 'subject_index']).doNothing())
        .executeTakeFirst()
      if (added !== 1n) return false
      const key = { upstream: link.upstream, subjectIndex: subjectIndex(link), personId: link.personId }
      if (link.way === 'sign-in') await forgetOffer(within, key)
      // after the insert, which waits for another transaction that removes the link
      if (link.way === 'sign-in' || !(await isLinkRefused(within, key))) return true
      await remove(within, key)
      return false
    },
    async used(link, proven) {
      const { upstream, subjectIndex: index, personId } = link
      if (proven && link.documentIndex === null && !(await learn(link, documentIndex(proven)))) return false
      const { numUpdatedRows } = await database
        .updateTable('upstream_links')
        .set({ last_used_at: clock() })
        .where('upstream', '=', upstream)
        .where('subject_index', '=', index)
        .where('person_id', '=', personId)
        .where('paused_at', 'is', null)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },
    remove,
    async pause(within, { upstream, subjectIndex: index, personId, pausedAt }, at) {
      const { numUpdatedRows } = await within
        .updateTable('upstream_links')
        .set({ paused_at: at })
        .where('upstream', '=', upstream)
        .where('subject_index', '=', index)
        .where('person_id', '=', personId)
        .where('paused_at', pausedAt === null ? 'is' : '=', pausedAt)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },
    refuse: (within, key) => refuseLink(within, key, clock()),
    isRefused: (subject, within = database) =>
      isLinkRefused(within, { ...subject, subjectIndex: subjectIndex(subject) }),
    isOtherDocument: ({ documentIndex: linked }, document) =>
      linked !== null && document !== undefined && linked !== documentIndex(document),
    alias: async (personId, within = database) =>
      (await ofPerson(personId, within)).flatMap((one) =>
        one.alias === null ? [] : [{ upstream: one.upstream, alias: cipher.open(one.alias, aliasAad(one)) }],
      ),
  }
}
