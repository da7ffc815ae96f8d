import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { BlindIndex } from '../../keys/blind-index.ts'
import type { DatabaseTransaction } from '../../storage/database.ts'
import type { Actor } from '../natural-persons.ts'
import type { Pass, RecoveryDeps } from './pass.ts'
import { endCodes } from './recovery-codes.ts'

/** The kind of the authenticator that is a person's recovery link. */
export const linkKind = 'recovery-link'
const linkData = z.object({ expiresAt: z.number(), counter: z.boolean() })
/** A link from a counter ends no hold later: the person opens it there, in seconds. */
const counterSeconds = 1800
const tokenForm = /^[\w-]{43}$/

const linkKey = (blindIndex: BlindIndex, token: string) => blindIndex('recovery-link', token)

/** Replaces a person's link by a new one; undefined for an account that is closed or does not exist. */
export async function replaceLink(
  { authenticators, blindIndex, audit, clock, times }: RecoveryDeps,
  transaction: DatabaseTransaction,
  personId: string,
  { counter }: { counter: boolean },
  by: Actor,
): Promise<{ token: string; expiresAt: number } | undefined> {
  const person = await transaction
    .selectFrom('natural_persons')
    .select('status')
    .where('id', '=', personId)
    .executeTakeFirst()
  if (!person || person.status === 'closed') return undefined
  await authenticators.removeAll(personId, linkKind, transaction)
  const token = randomBytes(32).toString('base64url')
  const expiresAt = clock() + (counter ? Math.min(times.link, counterSeconds) : times.link) * 1000
  const link = { personId, kind: linkKind, lookupKey: linkKey(blindIndex, token) }
  await authenticators.add({ ...link, data: JSON.stringify({ expiresAt, counter }) }, transaction)
  await audit.append(transaction, { event: 'recovery.link-made', ...by, personId, details: { counter } })
  return { token, expiresAt }
}

/** Checks a link without spending it: a program that previews links in messages must not use it up. */
export async function checkLink(
  { authenticators, blindIndex, clock }: Pick<RecoveryDeps, 'authenticators' | 'blindIndex' | 'clock'>,
  token: string,
): Promise<Pass | undefined> {
  if (!tokenForm.test(token)) return undefined
  const link = await authenticators.findByLookupKey(linkKind, linkKey(blindIndex, token))
  if (!link || linkData.parse(JSON.parse(link.data)).expiresAt <= clock()) return undefined
  return { personId: link.personId, by: 'link', key: link.id }
}

/**
 * Removes the link, and the recovery codes with it.
 * @returns `counter` where a clerk checked the person's document; undefined where the link is spent or expired
 */
export async function spendLink(
  { authenticators, clock }: Pick<RecoveryDeps, 'authenticators' | 'clock'>,
  transaction: DatabaseTransaction,
  { personId, key }: Pass,
): Promise<'counter' | 'link' | undefined> {
  const links = await authenticators.list(personId, linkKind, transaction)
  const link = links.find(({ id }) => id === key)
  if (!link || !(await authenticators.remove(personId, key, transaction))) return undefined
  const { expiresAt, counter } = linkData.parse(JSON.parse(link.data))
  // a person who needs a link has lost the codes: another person may have them now
  await endCodes({ authenticators }, transaction, personId)
  return expiresAt > clock() ? (counter ? 'counter' : 'link') : undefined
}
