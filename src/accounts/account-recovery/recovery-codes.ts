import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { BlindIndex } from '../../keys/blind-index.ts'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'
import { Refusal } from '../../refusal/refusal.ts'
import { makeWrittenCode, readWrittenCode } from '../../text/written-codes.ts'
import { isAmong } from '../constant-time.ts'
import type { Actor } from '../natural-persons.ts'
import type { Pass, RecoveryDeps } from './pass.ts'
import { isResting } from './recovery-stops.ts'

/** 16 of 23 signs are 72 bits. */
const length = 16

/** Number of codes in a set. */
export const codesMade = 10

/** The kind of the authenticator whose data has the keyed hashes of a person's codes. */
const codesKind = 'recovery-codes'
const codesData = z.object({ keys: z.array(z.string()) })

/** Ten codes as people write them down. @internal */
export const makeCodes = (): string[] => Array.from({ length: codesMade }, () => makeWrittenCode(length))

/** Reads a typed code; undefined for other texts. */
export const readCode = (text: string): string | undefined => readWrittenCode(text, length)

/**
 * The stored form of a code. A keyed hash is enough: a slow hash protects guessable secrets, and 2^72 codes cannot be guessed.
 * The key (keys/data.json) is not in the store.
 * @internal
 */
export const codeKey = (blindIndex: BlindIndex, personId: string, code: string): string =>
  blindIndex('recovery-code', `${personId}\0${code}`)

/** Data to compare with where there is no account, or one without codes: the work is the same. */
export const decoyData = (blindIndex: BlindIndex): string =>
  JSON.stringify({
    keys: Array.from({ length: codesMade }, () => blindIndex('decoy', randomBytes(16).toString('hex'))),
  })

const findCodes = async (
  { authenticators }: Pick<RecoveryDeps, 'authenticators'>,
  personId: string,
  within?: Database,
) => (await authenticators.list(personId, codesKind, within))[0]

const noCodes = JSON.stringify({ keys: [] })

const keysOf = (data: string): string[] => codesData.parse(JSON.parse(data)).keys

/** Replaces a person's codes by ten new ones. The codes are readable in this answer only. */
export async function replaceCodes(
  deps: Pick<RecoveryDeps, 'authenticators' | 'blindIndex' | 'audit' | 'notifier'>,
  transaction: DatabaseTransaction,
  personId: string,
  by: Actor,
): Promise<string[]> {
  const { authenticators, blindIndex, audit, notifier } = deps
  const codes = makeCodes()
  const keys = codes.map((code) => codeKey(blindIndex, personId, readCode(code) ?? ''))
  await authenticators.removeAll(personId, codesKind, transaction)
  const data = JSON.stringify({ keys })
  const added = await authenticators.add({ personId, kind: codesKind, lookupKey: personId, data }, transaction)
  if (!added) throw new Refusal('busy', 'recovery codes were made twice at once')
  await audit.append(transaction, { event: 'recovery.codes-made', ...by, personId })
  await notifier.notify({ personId, kind: 'recovery-codes-made', restricted: by.restricted }, transaction)
  return codes
}

/** Ends all codes of a person; the empty set stays as the mark that codes were offered. */
export async function endCodes(
  deps: Pick<RecoveryDeps, 'authenticators'>,
  transaction: DatabaseTransaction,
  personId: string,
): Promise<void> {
  const codes = await findCodes(deps, personId, transaction)
  if (!codes || (await deps.authenticators.replaceData(codes, noCodes, transaction))) return
  throw new Refusal('busy', 'recovery codes changed at the same time')
}

/** Ends the codes of a person for a clerk, with a notice. False where there are none. */
export async function voidCodes(
  deps: Pick<RecoveryDeps, 'authenticators' | 'audit' | 'notifier'>,
  transaction: DatabaseTransaction,
  personId: string,
  by: Actor,
): Promise<boolean> {
  const codes = await findCodes(deps, personId, transaction)
  if (!codes || keysOf(codes.data).length === 0) return false
  await endCodes(deps, transaction, personId)
  await deps.audit.append(transaction, { event: 'recovery.codes-voided', ...by, personId })
  await deps.notifier.notify({ personId, kind: 'recovery-codes-voided', restricted: by.restricted }, transaction)
  return true
}

/** Whether this person has codes, or was asked about them. */
export const codesWereOffered = async (deps: Pick<RecoveryDeps, 'authenticators'>, personId: string) =>
  (await findCodes(deps, personId)) !== undefined

/** Marks that codes were offered to this person. @returns false where they were before */
export const markOffered = async ({ authenticators }: Pick<RecoveryDeps, 'authenticators'>, personId: string) =>
  (await authenticators.add({ personId, kind: codesKind, lookupKey: personId, data: noCodes })) !== undefined

export async function countCodes(deps: Pick<RecoveryDeps, 'authenticators'>, personId: string): Promise<number> {
  const codes = await findCodes(deps, personId)
  return codes ? keysOf(codes.data).length : 0
}

/** Checks a typed code without spending it. Does the same work for a right code, a wrong one, and no account. */
export async function checkCode(
  deps: Pick<RecoveryDeps, 'authenticators' | 'blindIndex' | 'clock'>,
  decoy: string,
  personId: string | undefined,
  typed: string,
): Promise<Pass | undefined> {
  const key = codeKey(deps.blindIndex, personId ?? '', readCode(typed) ?? '')
  const codes = await findCodes(deps, personId ?? '')
  const right = isAmong(key, keysOf(codes?.data ?? decoy))
  const rests = await isResting(deps, personId ?? '')
  return personId !== undefined && right && !rests ? { personId, by: 'code', key } : undefined
}

/** Removes a code by compare-and-set; false where it is spent. */
export async function spendCode(
  deps: Pick<RecoveryDeps, 'authenticators'>,
  transaction: DatabaseTransaction,
  { personId, key }: Pass,
): Promise<boolean> {
  const codes = await findCodes(deps, personId, transaction)
  if (!codes) return false
  const keys = keysOf(codes.data)
  if (!isAmong(key, keys)) return false
  const left = JSON.stringify({ keys: keys.filter((one) => one !== key) })
  return deps.authenticators.replaceData(codes, left, transaction)
}
