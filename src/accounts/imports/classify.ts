import type { FieldCipher } from '../../keys/field-cipher.ts'
import type { LookupIndex } from '../../keys/lookup-index.ts'
import type { Database } from '../../storage/database.ts'
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

/** What the store holds about the rows of a piece of the file. */
export interface StoreFacts {
  links: ReadonlyMap<
    string,
    { personId: string; documentIndex: string | null; level: number; batch: string | null; opened: boolean }
  >
  /** By type and index of the document. */
  proven: ReadonlyMap<string, { id: string; nameKey: string }>
  phones: ReadonlySet<string>
  usernames: ReadonlySet<string>
}

const listStep = 500
/** Lists of few lengths make few statements: each prepared one keeps memory. No index is empty. */
const some = (values: readonly string[]) => [
  ...values,
  ...Array.from({ length: Math.max(1, Math.ceil(values.length / listStep)) * listStep - values.length }, () => ''),
]

export async function readLinks(
  within: Database,
  upstream: string,
  rows: readonly PreparedRow[],
): Promise<StoreFacts['links']> {
  const found = await within
    .selectFrom('upstream_links')
    .select(['subject_index', 'person_id', 'document_index', 'level', 'batch', 'opened'])
    .where('upstream', '=', upstream)
    .where('subject_index', 'in', some(rows.map(({ subjectIndex }) => subjectIndex)))
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

export async function readStoreFacts(
  { cipher }: { cipher: FieldCipher },
  within: Database,
  upstream: string,
  rows: readonly PreparedRow[],
): Promise<StoreFacts> {
  const all = (name: keyof PreparedRow['indexes']) => some(rows.flatMap(({ indexes }) => indexes[name]))
  const proven = await within
    .selectFrom('natural_persons')
    .select(['id', 'document_type', 'document_index', 'name'])
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
    proven: new Map(
      proven.map((one) => [
        `${one.document_type}:${one.document_index}`,
        { id: one.id, nameKey: matchKey(cipher.open(one.name, fieldAad('name', one.id))) },
      ]),
    ),
    phones: new Set(phones.map((one) => one.phone_index)),
    usernames: new Set(usernames.map((one) => one.username_index)),
  }
}

/** `write`: whether the row adds a link or an account. */
export type Decided = Verdict & { write: boolean }

/**
 * Decides what becomes of a row, and notes it for later rows. Only a number and name that both sides have proven link an account
 * (facts/upstreams.md, case 3). A phone, a username or a name never does.
 */
export function classify(
  { row, subjectIndex, fingerprints, indexes }: PreparedRow,
  known: StoreFacts,
  earlier: EarlierRows,
  documentIndex: string | null,
): Decided {
  const { line, level, document } = row
  const refuse = (outcome: 'conflict-name' | 'duplicate-in-file', problem: string): Decided => ({
    line,
    outcome,
    problem,
    marks: [],
    write: false,
  })
  if (earlier.hasSub(fingerprints.sub)) return refuse('duplicate-in-file', 'sub_repeated')
  earlier.noteSub(fingerprints.sub)
  const link = known.links.get(subjectIndex)
  if (link) {
    const changed = link.documentIndex !== null && link.documentIndex !== documentIndex
    if (changed) return refuse('conflict-name', 'upstream_identity_changed')
    return { line, outcome: 'linked', marks: [], person: link.personId, write: false }
  }
  const before = earlier.levelOf(fingerprints.document, fingerprints.name)
  if (before !== undefined && before >= level) return refuse('duplicate-in-file', 'document_repeated')
  if (level < 3) return opens()
  if (earlier.isProvenOtherwise(fingerprints.document, fingerprints.name))
    return refuse('conflict-name', 'other_name_in_file')
  const holder = indexes.document.map((index) => known.proven.get(`${document.type}:${index}`)).find(Boolean)
  if (!holder) return opens()
  if (holder.nameKey !== row.nameKey) return refuse('conflict-name', 'other_name_in_store')
  earlier.noteDocument(fingerprints, level)
  return { line, outcome: 'linked', marks: [], person: holder.id, write: true }

  function opens(): Decided {
    const marks: ImportMark[] = []
    const { phone, username } = fingerprints
    if (earlier.hasPhone(phone) || indexes.phone.some((index) => known.phones.has(index))) marks.push('phone-shared')
    const taken =
      username === undefined ||
      earlier.hasUsername(username) ||
      indexes.username.some((index) => known.usernames.has(index))
    if (row.givenUsername !== undefined && taken) marks.push('username-taken')
    earlier.noteDocument(fingerprints, level)
    earlier.noteAccount(taken ? { ...fingerprints, username: undefined } : fingerprints)
    return { line, outcome: 'new', marks, write: true }
  }
}

/** Notes a row that an interrupted import has written already. */
export function replay(
  { subjectIndex, fingerprints }: PreparedRow,
  links: StoreFacts['links'],
  earlier: EarlierRows,
  batch: string,
) {
  if (earlier.hasSub(fingerprints.sub)) return
  earlier.noteSub(fingerprints.sub)
  const link = links.get(subjectIndex)
  if (link?.batch !== batch) return
  earlier.noteDocument(fingerprints, link.level)
  if (link.opened) earlier.noteAccount(fingerprints)
}
