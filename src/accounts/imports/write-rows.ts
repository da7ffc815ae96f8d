import { randomUUID } from 'node:crypto'
import { indexKeysInUse } from '../../keys/lookup-index.ts'
import type { RowSeal } from '../../keys/row-seal.ts'
import type { DatabaseTransaction } from '../../storage/database.ts'
import { groupsOf } from '../../storage/lists.ts'
import { newRow } from '../authenticators/row.ts'
import type { NaturalPersonsDeps } from '../natural-persons/natural-person.ts'
import { accountRow } from '../natural-persons/open-account.ts'
import { mostWork, workOf } from '../passwords/legacy-hashes/compute.ts'
import { raiseLegacyWork } from '../passwords/legacy-hashes/store-work.ts'
import { passwordKind, sealedPasswordData } from '../passwords/stored-password.ts'
import type { PhoneProofs } from '../phone-proofs.ts'
import { tellLinked } from '../upstream-keeping.ts'
import type { UpstreamLinks } from '../upstream-links.ts'
import { openOffers } from '../upstream-offers.ts'
import type { Decided, PreparedRow } from './classify.ts'

export type WriteDeps = Pick<NaturalPersonsDeps, 'cipher' | 'lookup' | 'audit' | 'notifier' | 'clock'> & {
  upstreamLinks: UpstreamLinks
  seal: RowSeal
  phoneProofs: Pick<PhoneProofs, 'recordPast'>
}

interface Source {
  upstream: string
  batch: string
  /** Of the administrator. */
  actor: string
}

/** A piece of the file with its verdicts, both in the order of the file. */
type Piece = readonly { prepared: PreparedRow; decided: Decided }[]

/**
 * Writes the accounts and links of a piece of the file. Its hashes are sealed; an account that exists gets a link, and never a
 * password. The person of such an account is told.
 * @returns the verdicts, each with its account; `workRaised`: each check of a password is more work now
 */
export async function writeRows(
  deps: WriteDeps,
  transaction: DatabaseTransaction,
  source: Source,
  piece: Piece,
): Promise<{ written: Decided[]; workRaised: boolean }> {
  const opening = piece.filter(({ decided }) => decided.write && decided.outcome === 'new')
  const ids = new Map(opening.map(({ decided }) => [decided.line, randomUUID()]))
  const workRaised = await writeAccounts(deps, transaction, opening, ids)
  const isAsked = ({ decided }: Piece[number]) => decided.write && decided.marks.includes('asked')
  const linking = piece.filter((one) => one.decided.write && !isAsked(one))
  const personOf = ({ line, person }: Decided) => ids.get(line) ?? person ?? ''
  const links = linking.map(({ prepared: { row }, decided }) =>
    deps.upstreamLinks.row({
      upstream: source.upstream,
      subject: row.sub,
      personId: personOf(decided),
      level: row.level,
      document: row.document,
      alias: decided.marks.includes('username-taken') ? row.givenUsername : undefined,
      batch: source.batch,
      opened: decided.outcome === 'new',
      way: 'import',
    }),
  )
  for (const some of groupsOf(links)) await transaction.insertInto('upstream_links').values(some).execute()
  const asked = piece.filter(isAsked).map(({ prepared: { subjectIndex }, decided }) => ({
    upstream: source.upstream,
    subjectIndex,
    personId: personOf(decided),
  }))
  await openOffers(transaction, asked, { batch: source.batch, now: deps.clock() })
  for (const { decided } of linking.filter(({ decided: { outcome } }) => outcome === 'linked'))
    await tellLinked(deps, transaction, { ...source, personId: personOf(decided), way: 'import', level: 3 }, source)
  const written = piece.map(({ decided }) => ({
    ...decided,
    ...(decided.write ? { person: personOf(decided) } : {}),
  }))
  return { written, workRaised }
}

async function writeAccounts(
  deps: WriteDeps,
  transaction: DatabaseTransaction,
  opening: Piece,
  ids: ReadonlyMap<number, string>,
): Promise<boolean> {
  if (opening.length === 0) return false
  const { lookup, cipher, seal, clock } = deps
  const now = clock()
  const [indexKey] = await indexKeysInUse(transaction, lookup)
  const accounts = opening.map(({ prepared: { row }, decided }) => {
    const username = decided.marks.includes('username-taken') ? '' : (row.username ?? '')
    const { name, phone, document } = row
    return accountRow({ cipher, lookup }, indexKey, {
      id: ids.get(row.line) ?? '',
      data: { name, phone, username, documentType: document.type, documentNumber: document.number },
      identityLevel: decided.level,
      // kept without a match too, so that a later one raises the account
      possession: row.level >= 3 ? 'upstream' : null,
      now,
    })
  })
  for (const some of groupsOf(accounts)) await transaction.insertInto('natural_persons').values(some).execute()
  const proofs = opening.flatMap(({ prepared: { row } }) =>
    row.phoneVerifiedAt === undefined
      ? []
      : [{ personId: ids.get(row.line) ?? '', phone: row.phone, at: row.phoneVerifiedAt }],
  )
  await deps.phoneProofs.recordPast(transaction, proofs)
  const passwords = opening.flatMap(({ prepared: { row } }) => {
    if (!row.legacy) return []
    const id = randomUUID()
    const data = sealedPasswordData(cipher, id, row.legacy.text)
    return [newRow(seal, { id, personId: ids.get(row.line) ?? '', kind: passwordKind, data, createdAt: now })]
  })
  if (passwords.length === 0) return false
  const work = opening.map(({ prepared: { row } }) => (row.legacy ? workOf(row.legacy.hash) : {}))
  const raised = await raiseLegacyWork(transaction, work.reduce(mostWork))
  for (const some of groupsOf(passwords)) await transaction.insertInto('authenticators').values(some).execute()
  return raised
}
