import { z } from 'zod'
import { differences, signableOf, type HistoryRow } from '../../accounts/mandates/signed.ts'
import type { Entry } from '../../audit/chain.ts'
import { authenticatorName } from '../../login/methods/passkey/authenticator-names.ts'
import {
  signatureDigest,
  verifySignature,
  keyDigestOf,
  readSignature,
} from '../../login/methods/passkey/passkey-signature.ts'
import type { Database } from '../../storage/database.ts'
import { iso } from '../outcome.ts'

/** The check of one signature against the store. */
export interface SignatureCheck {
  holds: boolean
  /** The reasons why it does not hold; empty where it holds. */
  faults: string[]
  /** False for an act of a person without a passkey. */
  signed: boolean
  act: string
  person: string | null
  /** When it was recorded, ISO 8601. */
  at: string
  version: number | null
  /** The exact signed text. */
  text: string
  passkey: { authenticator: string; kept_in: string; made_at: string; entry: number } | null
  origin: string | null
  /** The audit entry that names this signature; null for acts of versions that did not name it. */
  entry: number | null
}

const added = z.object({ authenticator: z.string(), aaguid: z.string(), key: z.string() })
const named = z.object({ mandate: z.string().optional(), signature: z.string().optional() })

const entriesOf = (database: Database, personId: string, events: Entry['event'][]) =>
  database
    .selectFrom('audit_events')
    .selectAll()
    .where('person_id', '=', personId)
    .where('event', 'in', events)
    .orderBy('at')
    .orderBy('sequence')
    .execute()

/** The passkey with this public key, by the audit entry of its registration. */
async function passkeyOf(database: Database, personId: string, publicKey: string, before: number) {
  const digest = keyDigestOf(publicKey)
  for (const { sequence, at, details } of await entriesOf(database, personId, ['authenticator.added'])) {
    const made = added.safeParse(JSON.parse(details)).data
    if (made?.key !== digest || at > before) continue
    const { authenticator, aaguid } = made
    return { authenticator, kept_in: authenticatorName(aaguid, 'en'), made_at: iso(at), entry: sequence }
  }
  return undefined
}

const words = {
  proof: 'the stored proof of the text is no signature',
  signature: 'the signature is not over this text',
  key: 'this person had no passkey with this key then, as far as the audit log in the store goes back',
  auditLog: 'the audit log names another signature for this act',
} as const

const differs = (line: string) => `the text and the row in the store differ in: ${line}`

/** Checks that a signature is over this text, by a passkey that the audit log has for this person. */
async function checkProof(
  database: Database,
  given: { text: string; proof: string; personId: string; at: number },
): Promise<Pick<SignatureCheck, 'faults' | 'version' | 'passkey' | 'origin'>> {
  const proof = readSignature(given.proof)
  if (!proof) return { faults: [words.proof], version: null, passkey: null, origin: null }
  const passkey = await passkeyOf(database, given.personId, proof.publicKey, given.at)
  const faults = [
    ...((await verifySignature(given.text, proof)) ? [] : [words.signature]),
    ...(passkey ? [] : [words.key]),
  ]
  return { faults, version: proof.version, passkey: passkey ?? null, origin: proof.origin }
}

const eventOf: Record<string, Entry['event']> = {
  offer: 'mandate.offered',
  accept: 'mandate.accepted',
  confirm: 'mandate.confirmed',
}

/** The audit entry of an act about a mandate, with the signature that it names. */
async function entryOf(database: Database, row: HistoryRow) {
  const event = eventOf[row.event]
  if (event === undefined || row.person_id === null) return undefined
  const entries = await entriesOf(database, row.person_id, [event])
  const about = entries.map(({ sequence, at, details }) => ({ sequence, at, ...named.parse(JSON.parse(details)) }))
  const own = about.filter(({ mandate, signature }) => mandate === row.mandate_id && signature !== undefined)
  return own.find(({ signature }) => signature === signatureDigest(row.signature ?? '')) ?? own[0]
}

/** Checks every signature about a mandate against the mandate and its history; undefined where it does not exist. */
export async function checkMandate(database: Database, id: string): Promise<SignatureCheck[] | undefined> {
  const rows = await signableOf(database, id)
  const mandate = await database.selectFrom('mandates').selectAll().where('id', '=', id).executeTakeFirst()
  if (rows.length === 0 && !mandate) return undefined
  const checks: SignatureCheck[] = []
  for (const row of rows) {
    const confirmedLater = rows.some((other) => other.event === 'confirm' && other.id > row.id)
    const faults = differences(row, mandate, { confirmedLater }).map(differs)
    const about = { act: row.event, person: row.person_id, at: iso(row.at), text: row.text ?? '' }
    const entry = await entryOf(database, row)
    const { signature } = row
    if (signature === null || row.person_id === null) {
      // the audit log names a signature that was removed
      const removed = entry === undefined ? faults : [...faults, words.auditLog]
      const none = { signed: false, version: null, passkey: null, origin: null, entry: entry?.sequence ?? null }
      checks.push({ holds: removed.length === 0, faults: removed, ...about, ...none })
      continue
    }
    const checked = await checkProof(database, {
      text: about.text,
      proof: signature,
      personId: row.person_id,
      at: row.at,
    })
    const other = entry !== undefined && entry.signature !== signatureDigest(signature)
    const all = [...faults, ...checked.faults, ...(other ? [words.auditLog] : [])]
    const found = other ? null : (entry?.sequence ?? null)
    checks.push({ ...checked, holds: all.length === 0, faults: all, signed: true, ...about, entry: found })
  }
  return checks
}

const approvedDetails = z.object({ signature: z.string() })
const sealedPart = z.object({ signed: z.string(), proof: z.string() })

/**
 * Checks the signature of an approval by QR code. Its audit entry holds it sealed.
 * @param open opens the restricted part of the entry
 * @returns undefined where there is no such entry
 */
export async function checkApproval(
  database: Database,
  number: number,
  open: (entry: Entry) => unknown,
): Promise<SignatureCheck[] | undefined> {
  const entry = await database
    .selectFrom('audit_events')
    .selectAll()
    .where('sequence', '=', number)
    .where('event', '=', 'qr.approved')
    .executeTakeFirst()
  if (!entry?.person_id) return undefined
  const { signature } = approvedDetails.partial().parse(JSON.parse(entry.details))
  const about = { act: 'approval', person: entry.person_id, at: iso(entry.at), entry: number }
  const sealed = sealedPart.safeParse(open(entry)).data
  if (!sealed) {
    // an older version stored only the digest, or nothing was signed
    const faults = signature === undefined ? [] : ['only its digest is stored: it was made by an older version']
    const none = { signed: false, version: null, passkey: null, origin: null, text: '' }
    return [{ holds: faults.length === 0, faults, ...about, ...none }]
  }
  const { signed: text, proof } = sealed
  const checked = await checkProof(database, { text, proof, personId: entry.person_id, at: entry.at })
  const faults = [
    ...checked.faults,
    ...(text.startsWith('yideng qr approval 1\n') ? [] : [differs('text')]),
    ...(text.includes(`\nclient: ${entry.client_id}\n`) ? [] : [differs('client')]),
    ...(signature === signatureDigest(proof) ? [] : [words.auditLog]),
  ]
  return [{ ...checked, holds: faults.length === 0, faults, signed: true, ...about, text }]
}

/** A check as lines for people. */
export function shownCheck(check: SignatureCheck): string[] {
  const { act, at, person, passkey, origin, version, text, faults, signed, entry } = check
  const by = passkey
    ? `passkey ${passkey.authenticator}${passkey.kept_in && ` (${passkey.kept_in})`}, made ${passkey.made_at} (entry ${passkey.entry})`
    : 'no known passkey'
  const logged = entry === null ? 'not named there' : `entry ${entry}`
  return [
    `${act} at ${at} by ${person ?? 'unknown'}`,
    ...(signed ? [`  signed by: ${by}`, `  at: ${origin}, format version ${version}`] : ['  not signed']),
    `  audit log: ${logged}`,
    ...text
      .trimEnd()
      .split('\n')
      .map((line) => `  | ${line}`),
    ...(faults.length > 0
      ? faults.map((fault) => `  DOES NOT HOLD: ${fault}`)
      : [signed ? '  It holds.' : '  Nothing to check.']),
    '',
  ]
}
