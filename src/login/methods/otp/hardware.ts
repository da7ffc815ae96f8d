import { compactDecrypt } from 'jose'
import { z } from 'zod'
import type { Actor } from '../../../accounts/natural-persons.ts'
import type { AuditLog } from '../../../audit/audit-log.ts'
import type { Clock } from '../../../config/clock.ts'
import type { BlindIndex } from '../../../keys/blind-index.ts'
import { addToken, type Added } from './keeping.ts'
import { name, type OtpDeps } from './otp-deps.ts'
import { suiteNames } from './suites.ts'

/** Letters and digits of a serial number, as it is printed on the token. */
const serial = z
  .string()
  .trim()
  .toUpperCase()
  .regex(/^[A-Z\d-]{4,32}$/)

/** One line of a file of seeds. The key of GM/T 0021 has at least 128 bits, and its step at most 60 seconds. */
const line = z.strictObject({
  serial,
  secret: z.string().regex(/^(?:[\da-fA-F]{2}){16,64}$/),
  suite: z.enum(suiteNames).default('gmt0021-sm3'),
  digits: z.number().int().min(6).max(8).default(6),
  period: z.number().int().min(15).max(60).default(60),
})

type Seed = z.infer<typeof line>

/** A JSON text that is no JSON is undefined. */
const parsed = (text: string): Seed | undefined => {
  try {
    return line.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** Fewer rounds of PBKDF2 open a stolen file too fast. */
const fewestRounds = 100_000
const mostRounds = 2_000_000

/**
 * Opens a sealed file: JWE in the compact form (RFC 7516) by a passphrase, PBES2-HS512+A256KW (RFC 7518, 4.8) with A256GCM.
 * @returns undefined for a wrong passphrase, other algorithms or fewer rounds
 */
export async function openSeeds(sealed: string, passphrase: string): Promise<string | undefined> {
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(sealed.trim(), Buffer.from(passphrase), {
      keyManagementAlgorithms: ['PBES2-HS512+A256KW'],
      contentEncryptionAlgorithms: ['A256GCM'],
      maxPBES2Count: mostRounds,
    })
    return Number(protectedHeader['p2c']) >= fewestRounds ? Buffer.from(plaintext).toString('utf8') : undefined
  } catch {
    return undefined
  }
}

export interface SeedReport {
  imported: number
  /** Of tokens that are in the list, or that a person has. */
  known: number
  /** Numbers of lines that were not imported. */
  malformed: number[]
}

export interface HardwareDeps extends Pick<OtpDeps, 'database' | 'authenticators' | 'cipher'> {
  blindIndex: BlindIndex
  audit: AuditLog
  clock: Clock
}

const aad = (serialIndex: string) => `otp_tokens.token:${serialIndex}`
const indexOf = ({ blindIndex }: Pick<HardwareDeps, 'blindIndex'>, of: string) => blindIndex('otp-serial', of)

/** Adds the tokens of an opened file of seeds to the list; each line is a JSON object. */
export async function importSeeds(deps: HardwareDeps, text: string, by: Actor): Promise<SeedReport> {
  const { audit } = deps
  const report: SeedReport = { imported: 0, known: 0, malformed: [] }
  for (const [index, written] of text.split('\n').entries()) {
    if (written.trim() === '') continue
    const seed = parsed(written)
    if (!seed) report.malformed.push(index + 1)
    else if (await importOne(deps, seed)) report.imported += 1
    else report.known += 1
  }
  const { imported, known, malformed } = report
  await audit.record({ event: 'otp.imported', ...by, details: { imported, known, malformed: malformed.length } })
  return report
}

async function importOne(deps: HardwareDeps, seed: Seed): Promise<boolean> {
  const { database, authenticators, cipher, clock } = deps
  const serialIndex = indexOf(deps, seed.serial)
  if (await authenticators.findByLookupKey(name, serialIndex)) return false
  const token = cipher.seal(JSON.stringify(seed), aad(serialIndex))
  const { numInsertedOrUpdatedRows } = await database
    .insertInto('otp_tokens')
    .values({ serial_index: serialIndex, token, imported_at: clock() })
    .onConflict((conflict) => conflict.column('serial_index').doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** Gives the token with this serial number to a person. `unknown`: no such token is in the list. */
export async function giveHardwareToken(
  deps: HardwareDeps & Pick<OtpDeps, 'notifier' | 'endSignIns'>,
  personId: string,
  given: string,
  by: Actor,
): Promise<Added | 'unknown'> {
  const { database, cipher } = deps
  const read = serial.safeParse(given)
  if (!read.success) return 'unknown'
  const serialIndex = indexOf(deps, read.data)
  const row = await database
    .selectFrom('otp_tokens')
    .select('token')
    .where('serial_index', '=', serialIndex)
    .executeTakeFirst()
  if (!row) return 'unknown'
  const { secret, serial: whole, ...spec } = line.parse(JSON.parse(cipher.open(row.token, aad(serialIndex))))
  const token = {
    ...spec,
    secret: Buffer.from(secret, 'hex'),
    used: 0,
    drift: 0,
    serialEnd: whole.slice(-4),
    lookupKey: serialIndex,
  }
  return addToken(deps, personId, token, {
    stay: [],
    by,
    async spend(within) {
      const { numDeletedRows } = await within
        .deleteFrom('otp_tokens')
        .where('serial_index', '=', serialIndex)
        .executeTakeFirst()
      return numDeletedRows === 1n
    },
  })
}
