import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { Clock } from '../../config/clock.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'
import type { Publish } from '../../storage/events.ts'
import { Refusal } from '../../refusal/refusal.ts'
import { powerEnded } from '../account-power.ts'
import type { Authenticators, NewAuthenticator } from '../authenticators.ts'
import type { MethodLocks } from '../method-locks.ts'
import type { Actor } from '../natural-persons.ts'
import type { Notifier } from '../notices.ts'
import type { EndSignIns } from '../sign-in-endings.ts'
import { setOnlyAuthenticator } from '../only-authenticator.ts'
import { holdYoung } from './hold-passkeys.ts'
import { codeKey, codesMade, isAmong, makeCodes, readCode } from './codes.ts'

/** Kept as authenticators: the keyed hashes of a person's codes in one row, and that of their link in another. */
const codesKind = 'recovery-codes'
const linkKind = 'recovery-link'
const codesData = z.object({ keys: z.array(z.string()) })
const linkData = z.object({ expiresAt: z.number(), counter: z.boolean() })

const linkForm = /^[\w-]{43}$/

/** What lets somebody set a new password; spent when they do. */
export interface Pass {
  personId: string
  by: 'code' | 'link'
  /** Keyed hash of the code, or id of the link. */
  key: string
}

export interface Recovered {
  /** Milliseconds since 1970 UTC; null when the account is not held. */
  heldUntil: number | null
  /** Passkeys that sign nobody in until their owner says that they are theirs. */
  heldPasskeys: number
}

/** The way back into an account whose password is forgotten. Nothing here says whether an account exists. */
export interface Recovery {
  /** Ten new codes, readable this once; all before end. */
  makeCodes(personId: string, by: Actor): Promise<string[]>
  codesLeft(personId: string): Promise<number>
  /** The same work for a right code, a wrong one, and nobody (undefined). Spends nothing. */
  checkCode(personId: string | undefined, typed: string): Promise<Pass | undefined>
  /** @param options.counter a clerk checked the person's document: the account is not held afterwards. */
  makeLink(
    personId: string,
    options: { counter: boolean },
    by: Actor,
  ): Promise<{ token: string; expiresAt: number } | undefined>
  /** Spends nothing: whatever looks at a link in a message must not use it up. */
  checkLink(token: string): Promise<Pass | undefined>
  /**
   * Spends the pass and sets a new authenticator in place of the one of its kind, in one transaction: of several holders of
   * one pass exactly one succeeds.
   * Undefined when the pass is spent or over, or the account not active. All sign-ins end.
   */
  recover(pass: Pass, authenticator: NewAuthenticator, by: Actor): Promise<Recovered | undefined>
}

/** Ends the transaction: what it did so far is undone. */
class Undo extends Error {}

export function createRecovery(options: {
  database: Database
  authenticators: Authenticators
  methodLocks: MethodLocks
  notifier: Notifier
  audit: AuditLog
  endSignIns: EndSignIns
  blindIndex: BlindIndex
  publish: Publish
  clock: Clock
  /** In seconds; passkeys younger than `passkeyDays` are held by a recovery. */
  times: { hold: number; link: number; passkeyDays: number }
}): Recovery {
  const { database, authenticators, methodLocks, notifier, audit, endSignIns, blindIndex, publish, clock, times } =
    options
  /** Compared with where there is no account, or one without codes. */
  const decoy = JSON.stringify({
    keys: Array.from({ length: codesMade }, () => blindIndex('decoy', randomBytes(16).toString('hex'))),
  })
  const linkKey = (token: string) => blindIndex('recovery-link', token)

  const codesOf = async (personId: string, within?: Database) =>
    (await authenticators.list(personId, codesKind, within))[0]

  async function spendCode(transaction: DatabaseTransaction, { personId, key }: Pass): Promise<boolean> {
    const kept = await codesOf(personId, transaction)
    if (!kept) return false
    const { keys } = codesData.parse(JSON.parse(kept.data))
    if (!isAmong(key, keys)) return false
    const left = JSON.stringify({ keys: keys.filter((one) => one !== key) })
    return authenticators.replaceData(kept, left, transaction)
  }

  /** `counter` or `link`: who vouches. */
  async function spendLink(transaction: DatabaseTransaction, { personId, key }: Pass) {
    const links = await authenticators.list(personId, linkKind, transaction)
    const link = links.find(({ id }) => id === key)
    if (!link || !(await authenticators.remove(personId, key, transaction))) return undefined
    const { expiresAt, counter } = linkData.parse(JSON.parse(link.data))
    // who came with a link had lost everything: whoever has the codes now is somebody else
    await authenticators.removeAll(personId, codesKind, transaction)
    return expiresAt > clock() ? (counter ? 'counter' : 'link') : undefined
  }

  async function hold(transaction: DatabaseTransaction, personId: string, counter: boolean): Promise<number | null> {
    const now = clock()
    const person = await transaction
      .selectFrom('natural_persons')
      .select(['identity_level', 'held_until'])
      .where('id', '=', personId)
      .executeTakeFirstOrThrow()
    const heldUntil = counter ? null : person.identity_level >= 3 ? now + times.hold * 1000 : person.held_until
    const { numUpdatedRows } = await transaction
      .updateTable('natural_persons')
      .set({ held_until: heldUntil })
      .where('id', '=', personId)
      .where('status', '=', 'active')
      .executeTakeFirst()
    if (numUpdatedRows !== 1n) throw new Undo()
    await endSignIns(transaction, personId, { but: [] })
    return heldUntil
  }

  return {
    makeCodes: (personId, by) =>
      database.transaction().execute(async (transaction) => {
        const codes = makeCodes()
        const keys = codes.map((code) => codeKey(blindIndex, personId, readCode(code) ?? ''))
        await authenticators.removeAll(personId, codesKind, transaction)
        const data = JSON.stringify({ keys })
        const added = await authenticators.add({ personId, kind: codesKind, lookupKey: personId, data }, transaction)
        if (!added) throw new Refusal('busy', 'recovery codes were made twice at once')
        await audit.append(transaction, { event: 'recovery.codes-made', ...by, personId })
        await notifier.notify({ personId, kind: 'recovery-codes-made', restricted: by.restricted }, transaction)
        return codes
      }),

    async codesLeft(personId) {
      const kept = await codesOf(personId)
      return kept ? codesData.parse(JSON.parse(kept.data)).keys.length : 0
    },

    async checkCode(personId, typed) {
      const key = codeKey(blindIndex, personId ?? '', readCode(typed) ?? '')
      const kept = await codesOf(personId ?? '')
      const { keys } = codesData.parse(JSON.parse(kept?.data ?? decoy))
      const right = isAmong(key, keys)
      return personId !== undefined && right ? { personId, by: 'code', key } : undefined
    },

    makeLink: (personId, { counter }, by) =>
      database.transaction().execute(async (transaction) => {
        const person = await transaction
          .selectFrom('natural_persons')
          .select('status')
          .where('id', '=', personId)
          .executeTakeFirst()
        if (!person || person.status === 'closed') return undefined
        await authenticators.removeAll(personId, linkKind, transaction)
        const token = randomBytes(32).toString('base64url')
        const expiresAt = clock() + times.link * 1000
        const data = JSON.stringify({ expiresAt, counter })
        await authenticators.add({ personId, kind: linkKind, lookupKey: linkKey(token), data }, transaction)
        await audit.append(transaction, { event: 'recovery.link-made', ...by, personId, details: { counter } })
        return { token, expiresAt }
      }),

    async checkLink(token) {
      const link = linkForm.test(token) ? await authenticators.findByLookupKey(linkKind, linkKey(token)) : undefined
      if (!link || linkData.parse(JSON.parse(link.data)).expiresAt <= clock()) return undefined
      return { personId: link.personId, by: 'link', key: link.id }
    },

    async recover(pass, authenticator, by) {
      const { personId } = pass
      const { kind } = authenticator
      const principals: string[] = []
      const recovery = database.transaction().execute(async (transaction) => {
        const spent =
          pass.by === 'code' ? (await spendCode(transaction, pass)) && 'code' : await spendLink(transaction, pass)
        if (!spent) throw new Undo()
        const heldUntil = await hold(transaction, personId, spent === 'counter')
        if (heldUntil !== null) principals.push(...(await powerEnded(transaction, notifier, personId, clock())))
        const about = { personId, replaced: kind, now: clock(), days: spent === 'counter' ? 0 : times.passkeyDays }
        const heldPasskeys = await holdYoung({ authenticators, audit, notifier }, transaction, about, by)
        const [known] = await authenticators.list(personId, kind, transaction)
        if (!(await setOnlyAuthenticator(authenticators, { personId, known, authenticator }, transaction)))
          throw new Undo()
        await authenticators.removeAll(personId, linkKind, transaction)
        // the lock was about the authenticator that is replaced
        await methodLocks.unlock(personId, kind, by, transaction)
        const details = { by: spent, held: heldUntil !== null, passkeys: heldPasskeys }
        await audit.append(transaction, { event: 'person.recovered', ...by, personId, details })
        const notice = {
          personId,
          kind: 'account-recovered',
          details: { by: spent },
          restricted: by.restricted,
        } as const
        await notifier.notify(notice, transaction)
        return { heldUntil, heldPasskeys }
      })
      const recovered = await recovery.catch((error: unknown) => {
        if (error instanceof Undo) return undefined
        throw error
      })
      if (recovered) for (const id of principals) publish('principal', id)
      return recovered
    },
  }
}
