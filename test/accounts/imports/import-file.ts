import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { rowOf } from './rows.ts'

const monthMs = 30 * 86_400_000

/** Of each hundred rows: these have something to find. The others are plain. */
const kinds = ['duplicate', 'malformed', 'conflict', 'shared', 'taken'] as const

/**
 * Writes a file of `rows` made-up accounts for `person import`, and returns the counts that the import must give. Each
 * hundred has a repeated row, a wrong check digit, a name conflict, a shared phone and a taken username.
 * Every tenth row has an old hash, and each one a phone that was proven a month ago.
 */
export async function writeImportFile(path: string, rows: number): Promise<Record<string, number>> {
  const out = createWriteStream(path)
  const counts: Record<string, number> = { new: 0, linked: 0, 'conflict-name': 0, 'duplicate-in-file': 0 }
  Object.assign(counts, { malformed: 0, 'phone-shared': 0, 'username-taken': 0, asked: 0 })
  const add = (name: string) => (counts[name] = (counts[name] ?? 0) + 1)
  const phoneVerifiedAt = new Date(Date.now() - monthMs).toISOString()
  for (let index = 0; index < rows; index += 1) {
    const kind = kinds[index % 100]
    // the account some rows before is a plain one of the same hundred, or of the one before
    const other = index - 37
    const plain = index >= 100 && kind !== undefined
    const hash =
      index % 10 === 9 ? { passwordHash: '$legacy$scheme=md5,order=salt+pw$s4lt$5f4dcc3b5aa765d61d8327deb882cf99' } : {}
    const own = (changed: Record<string, unknown> = {}) => rowOf(index, { phoneVerifiedAt, ...changed })
    let row = own(hash)
    if (plain && kind === 'duplicate') row = rowOf(other)
    else if (plain && kind === 'malformed') row = own({ document: wrongDigit(row.document) })
    else if (plain && kind === 'conflict') row = own({ document: rowOf(other).document, name: '另一人' })
    else if (plain && kind === 'shared') row = own({ phone: rowOf(other).phone })
    else if (plain && kind === 'taken') row = own({ username: rowOf(other).username })
    if (plain && kind === 'duplicate') add('duplicate-in-file')
    else if (plain && kind === 'malformed') add('malformed')
    else if (plain && kind === 'conflict') add('conflict-name')
    else add('new')
    if (plain && kind === 'shared') add('phone-shared')
    if (plain && kind === 'taken') add('username-taken')
    if (!out.write(`${JSON.stringify(row)}\n`)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'finish')
  return counts
}

function wrongDigit({ type, number }: { type: string; number: string }) {
  const last = number.endsWith('0') ? '1' : '0'
  return { type, number: number.slice(0, -1) + last }
}
