import { describe, expect, it } from 'vitest'
import { restoreThatLost } from '../../src/audit/restores.ts'
import { chainSpan } from '../../src/storage/audit-chains.ts'

const at = 1_796_118_430_000
const last = chainSpan + 7
const restore = {
  entry: 3 * chainSpan + 1,
  at,
  backupAt: at - 5000,
  lastChain: 2,
  ends: [{ sequence: last, hash: 'h' }],
}
/** Seconds since 1970 UTC, after the restore. */
const second = (later: number) => at / 1000 + later

describe('a restore explains why an entry that a checkpoint signed is not in the store', () => {
  it.each([
    ['an entry of the backup', last, -1, false],
    ['an entry after the backup', last + 1, -1, true],
    ['an entry of a chain that began after the backup', 3 * chainSpan + 5, -1, true],
    ['an entry of a chain that had ended', 2 * chainSpan + 5, -1, false],
    ['an entry after the backup, signed in the second of the restore', last + 1, 0, false],
    ['an entry of a new chain, signed in the second of the restore', 3 * chainSpan + 5, 0, false],
    ['an entry after the backup, signed later', last + 1, 1, false],
  ])('%s', (_, sequence, later, explains) => {
    expect(restoreThatLost([restore], sequence, second(later))).toBe(explains ? restore : undefined)
  })
})
