import type { FieldCipher } from '../../keys/field-cipher.ts'
import type { LookupIndex } from '../../keys/lookup-index.ts'
import type { PopulationRegister } from '../../proofing/population-register.ts'
import type { Database } from '../../storage/database.ts'
import { padded } from '../../storage/lists.ts'
import { matchKey } from '../identifiers/names.ts'
import { fieldAad } from '../personal-fields.ts'
import type { UpstreamLinks } from '../upstream-links.ts'
import type { EarlierRows, Fingerprints } from './earlier-rows.ts'
import type { ImportRow } from './import-row.ts'
import type { ImportMark, Verdict } from './results.ts'

/** A row with its fingerprints, under every index key of the store. */
export interface PreparedRow {
  row: ImportRow
  subjectIndex: string
  fingerprints: Fingerprints
  indexes: { document: string[]; phone: string[]; username: string[] }
}

export function prepareRow(
  { lookup, upstreamLinks }: { lookup: LookupIndex; upstreamLinks: UpstreamLinks },
  upstream: string,
  row: ImportRow,
): PreparedRow {
  const subjectIndex = upstreamLinks.subjectIndex({ upstream, subject: row.sub })
  const key = lookup.known().at(-1) ?? ''
  const document = lookup.all('document', row.document.number)
  const phone = lookup.all('phone', row.phone)
  const username = row.username === undefined ? [] : lookup.all('username', row.username)
  return {
    row,
    subjectIndex,
    indexes: { document, phone, username },
    fingerprints: {
      sub: subjectIndex,
      document: lookup.under(key, 'document', `${row.document.type}:${row.document.number}`),
      name: lookup.under(key, 'name', row.nameKey),
      phone: phone.at(-1) ?? '',
      username: username.at(-1),
    },
  }
}

/**
 * The lines whose name and number match our register. Only rows that the upstream vouches for are asked about: a name and a
 * number raise nothing alone (DESIGN 1.4). The register is asked outside of any transaction, as elsewhere.
 */
export async function matchedLines(
  { register }: { register: PopulationRegister },
  prepared: readonly (PreparedRow | undefined)[],
): Promise<ReadonlySet<number>> {
  const asked = prepared.flatMap((one) => (one && one.row.level >= 3 ? [one.row] : []))
  const claims = asked.map(({ document, nameKey }) => ({
    documentType: document.type,
    documentNumber: document.number,
    nameKey,
  }))
  const answers = await register.matchAll(claims)
  return new Set(asked.filter((_, index) => answers[index] === 'match').map(({ line }) => line))
}

/** What the store holds about the rows of a piece of the file. */
export interface StoreFacts {
  links: ReadonlyMap<
    string,
    { personId: string; documentIndex: string | null; level: number; batch: string | null; opened: boolean }
  >
  /** By type and index of the document; `shown`: the person has shown once that they are the one (DESIGN 1.4). */
  proven: ReadonlyMap<string, { id: string; nameKey: string; shown: boolean }>
  phones: ReadonlySet<string>
  usernames: ReadonlySet<string>
  /** Links that a person has refused: `subject person`. */
  refused: ReadonlySet<string>
}

export async function readLinks(
  within: Database,
  upstream: string,
  rows: readonly PreparedRow[],
): Promise<StoreFacts['links']> {
  const found = await within
    .selectFrom('upstream_links')
    .select(['subject_index', 'person_id', 'document_index', 'level', 'batch', 'opened'])
    .where('upstream', '=', upstream)
    .where('subject_index', 'in', padded(rows.map(({ subjectIndex }) => subjectIndex)))
    .execute()
  return new Map(
    found.map((link) => [
      link.subject_index,
      {
        personId: link.person_id,
        documentIndex: link.document_index,
        level: link.level,
        batch: link.batch,
        opened: link.opened === 1,
      },
    ]),
  )
}

const refusedKey = (subjectIndex: string, personId: string) => `${subjectIndex} ${personId}`

async function readRefused(
  within: Database,
  upstream: string,
  rows: readonly PreparedRow[],
): Promise<StoreFacts['refused']> {
  const found = await within
    .selectFrom('upstream_offers')
    .select(['subject_index', 'person_id'])
    .where('upstream', '=', upstream)
    .where('subject_index', 'in', padded(rows.map(({ subjectIndex }) => subjectIndex)))
    .where('state', '=', 'refused')
    .execute()
  return new Set(found.map((row) => refusedKey(row.subject_index, row.person_id)))
}

/** The subjects about which this batch asks their persons. */
export async function readAsked(
  within: Database,
  { upstream, batch }: { upstream: string; batch: string },
  rows: readonly PreparedRow[],
): Promise<ReadonlySet<string>> {
  const found = await within
    .selectFrom('upstream_offers')
    .select('subject_index')
    .where('upstream', '=', upstream)
    .where('subject_index', 'in', padded(rows.map(({ subjectIndex }) => subjectIndex)))
    .where('batch', '=', batch)
    .execute()
  return new Set(found.map((row) => row.subject_index))
}

export async function readStoreFacts(
  { cipher }: { cipher: FieldCipher },
  within: Database,
  upstream: string,
  rows: readonly PreparedRow[],
): Promise<StoreFacts> {
  const all = (name: keyof PreparedRow['indexes']) => padded(rows.flatMap(({ indexes }) => indexes[name]))
  const proven = await within
    .selectFrom('natural_persons')
    .select(['id', 'document_type', 'document_index', 'name', 'possession'])
    .where('document_index', 'in', all('document'))
    .where('identity_level', '>=', 3)
    .execute()
  const phones = await within
    .selectFrom('natural_persons')
    .select('phone_index')
    .where('phone_index', 'in', all('phone'))
    .execute()
  const usernames = await within
    .selectFrom('natural_persons')
    .select('username_index')
    .where('username_index', 'in', all('username'))
    .execute()
  return {
    links: await readLinks(within, upstream, rows),
    refused: await readRefused(within, upstream, rows),
    proven: new Map(
      proven.map((one) => [
        `${one.document_type}:${one.document_index}`,
        {
          id: one.id,
          nameKey: matchKey(cipher.open(one.name, fieldAad('name', one.id))),
          shown: one.possession !== null,
        },
      ]),
    ),
    phones: new Set(phones.map((one) => one.phone_index)),
    usernames: new Set(usernames.map((one) => one.username_index)),
  }
}

/** `write`: whether the row adds a link or an account. `level`: of an account that it opens. */
export type Decided = Verdict & { write: boolean; level: 2 | 3 }

/**
 * Decides what becomes of a row, and notes it for later rows. Only a number and name that both sides have proven link an account.
 * Our register must have them too, and the upstream must have proven its numbers itself (facts/upstreams.md, case 3). Else the person is
 * asked, and signs in at the upstream. A phone, a username or a name never links.
 * @param how.matched our register has the name with the number.
 * @param how.byNumber the upstream may link by this type of document.
 */
export function classify(
  { row, subjectIndex, fingerprints, indexes }: PreparedRow,
  known: StoreFacts,
  earlier: EarlierRows,
  { documentIndex, matched, byNumber }: { documentIndex: string | null; matched: boolean; byNumber: boolean },
): Decided {
  const { line, document } = row
  const refuse = (outcome: 'conflict-name' | 'duplicate-in-file', problem: string): Decided => ({
    line,
    outcome,
    problem,
    marks: [],
    write: false,
    level: 2,
  })
  if (earlier.hasSub(fingerprints.sub)) return refuse('duplicate-in-file', 'sub_repeated')
  earlier.noteSub(fingerprints.sub)
  const link = known.links.get(subjectIndex)
  if (link) {
    const changed = link.documentIndex !== null && link.documentIndex !== documentIndex
    if (changed) return refuse('conflict-name', 'upstream_identity_changed')
    return { line, outcome: 'linked', marks: [], person: link.personId, write: false, level: 2 }
  }
  const before = earlier.levelOf(fingerprints.document, fingerprints.name)
  if (before !== undefined && before >= row.level) return refuse('duplicate-in-file', 'document_repeated')
  // a number is one person's: a claim alone opens no second account
  if (row.level < 3 && earlier.hasDocument(fingerprints.document))
    return refuse('duplicate-in-file', 'document_claimed')
  if (row.level < 3) return opens(2)
  if (earlier.isProvenOtherwise(fingerprints.document, fingerprints.name))
    return refuse('conflict-name', 'other_name_in_file')
  const holder = indexes.document.map((index) => known.proven.get(`${document.type}:${index}`)).find(Boolean)
  // without a match the account waits at level 2 for a later one
  if (!holder) return opens(matched ? 3 : 2)
  if (holder.nameKey !== row.nameKey) return refuse('conflict-name', 'other_name_in_store')
  // the account that has the number keeps it
  if (!matched || !holder.shown) return opens(2)
  if (known.refused.has(refusedKey(subjectIndex, holder.id))) return refuse('conflict-name', 'link_refused')
  earlier.noteDocument(fingerprints, row.level)
  return { line, outcome: 'linked', marks: byNumber ? [] : ['asked'], person: holder.id, write: true, level: 3 }

  function opens(level: 2 | 3): Decided {
    const marks: ImportMark[] = []
    const { phone, username } = fingerprints
    if (earlier.hasPhone(phone) || indexes.phone.some((index) => known.phones.has(index))) marks.push('phone-shared')
    const taken =
      username === undefined ||
      earlier.hasUsername(username) ||
      indexes.username.some((index) => known.usernames.has(index))
    if (row.givenUsername !== undefined && taken) marks.push('username-taken')
    earlier.noteDocument(fingerprints, row.level)
    earlier.noteAccount(taken ? { ...fingerprints, username: undefined } : fingerprints)
    return { line, outcome: 'new', marks, write: true, level }
  }
}

/** Notes a row that an interrupted import has written already. */
export function replay(
  { row, subjectIndex, fingerprints }: PreparedRow,
  { links, asked }: { links: StoreFacts['links']; asked: ReadonlySet<string> },
  earlier: EarlierRows,
  batch: string,
) {
  if (earlier.hasSub(fingerprints.sub)) return
  earlier.noteSub(fingerprints.sub)
  if (asked.has(subjectIndex)) return earlier.noteDocument(fingerprints, row.level)
  const link = links.get(subjectIndex)
  if (link?.batch !== batch) return
  earlier.noteDocument(fingerprints, link.level)
  if (link.opened) earlier.noteAccount(fingerprints)
}
