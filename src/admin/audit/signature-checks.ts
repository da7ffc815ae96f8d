import { z } from 'zod'
import { differences, signableOf, type HistoryRow } from '../../accounts/mandates/signed.ts'
import type { Entry } from '../../audit/chain.ts'
import { authenticatorName } from '../../login/methods/passkey/authenticator-names.ts'
import { digestOf, holds, keyDigestOf, readProof } from '../../login/methods/passkey/proof.ts'
import type { Database } from '../../storage/database.ts'
import { iso } from '../outcome.ts'

/** One signature, checked against what stands in the store. */
export interface SignatureCheck {
  holds: boolean
  /** Why not, in plain words; empty where it holds. */
  faults: string[]
  /** False for an act of somebody who had no passkey. */
  signed: boolean
  act: string
  person: string | null
  /** When it was written down, ISO 8601. */
  at: string
  version: number | null
  /** What was signed, to the letter. */
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
    .orderBy('sequence')
    .execute()

/** The passkey of a person that a key is of, by the audit entry of its making. */
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
  proof: 'what is stored beside the text is no signature',
  signature: 'the signature is not one over this text',
  key: 'the key is of no passkey that this person had made then, as far as the audit trail in the store goes back',
  trail: 'the audit trail names another signature for this act',
} as const

const differs = (line: string) => `the text and the row in the store differ in: ${line}`

/** What every signature has to be: over this text, by a passkey that the audit trail knows as this person's. */
async function checkProof(
  database: Database,
  given: { text: string; proof: string; personId: string; at: number },
): Promise<Pick<SignatureCheck, 'faults' | 'version' | 'passkey' | 'origin'>> {
  const proof = readProof(given.proof)
  if (!proof) return { faults: [words.proof], version: null, passkey: null, origin: null }
  const passkey = await passkeyOf(database, given.personId, proof.publicKey, given.at)
  const faults = [...((await holds(given.text, proof)) ? [] : [words.signature]), ...(passkey ? [] : [words.key])]
  return { faults, version: proof.version, passkey: passkey ?? null, origin: proof.origin }
}

const eventOf: Record<string, Entry['event']> = {
  offer: 'mandate.offered',
  accept: 'mandate.accepted',
  confirm: 'mandate.confirmed',
}

/** The entry of an act about a mandate, and the signature it names. */
async function entryOf(database: Database, row: HistoryRow) {
  const event = eventOf[row.event]
  if (event === undefined || row.person_id === null) return undefined
  const entries = await entriesOf(database, row.person_id, [event])
  const about = entries.map(({ sequence, at, details }) => ({ sequence, at, ...named.parse(JSON.parse(details)) }))
  const own = about.filter(({ mandate, signature }) => mandate === row.mandate_id && signature !== undefined)
  return own.find(({ signature }) => signature === digestOf(row.signature ?? '')) ?? own[0]
}

/** Checks every signature about a mandate against its row and the row of its act; undefined where there is no such mandate. */
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
      // a signature that the trail names was taken away
      const gone = entry === undefined ? faults : [...faults, words.trail]
      const none = { signed: false, version: null, passkey: null, origin: null, entry: entry?.sequence ?? null }
      checks.push({ holds: gone.length === 0, faults: gone, ...about, ...none })
      continue
    }
    const checked = await checkProof(database, {
      text: about.text,
      proof: signature,
      personId: row.person_id,
      at: row.at,
    })
    const other = entry !== undefined && entry.signature !== digestOf(signature)
    const all = [...faults, ...checked.faults, ...(other ? [words.trail] : [])]
    const found = other ? null : (entry?.sequence ?? null)
    checks.push({ ...checked, holds: all.length === 0, faults: all, signed: true, ...about, entry: found })
  }
  return checks
}

const approvedDetails = z.object({ signature: z.string() })
const kept = z.object({ signed: z.string(), proof: z.string() })

/**
 * Checks the signature of an approval by QR code, which its audit entry holds sealed.
 * @param open opens the restricted part of the entry
 * @returns undefined where the number is of no such entry
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
  const deps = kept.safeParse(open(entry)).data
  if (!deps) {
    // named in the entry by a version that did not keep it, or nothing was signed
    const faults = signature === undefined ? [] : ['only its digest was kept: it was made by an older version']
    const none = { signed: false, version: null, passkey: null, origin: null, text: '' }
    return [{ holds: faults.length === 0, faults, ...about, ...none }]
  }
  const { signed: text, proof } = deps
  const checked = await checkProof(database, { text, proof, personId: entry.person_id, at: entry.at })
  const faults = [
    ...checked.faults,
    ...(text.startsWith('yideng qr approval 1\n') ? [] : [differs('text')]),
    ...(text.includes(`\nclient: ${entry.client_id}\n`) ? [] : [differs('client')]),
    ...(signature === digestOf(proof) ? [] : [words.trail]),
  ]
  return [{ ...checked, holds: faults.length === 0, faults, signed: true, ...about, text }]
}

/** A check as people read it. */
export function shownCheck(check: SignatureCheck): string[] {
  const { act, at, person, passkey, origin, version, text, faults, signed, entry } = check
  const by = passkey
    ? `passkey ${passkey.authenticator}${passkey.kept_in && ` (${passkey.kept_in})`}, made ${passkey.made_at} (entry ${passkey.entry})`
    : 'no passkey that is known'
  const trail = entry === null ? 'not named there' : `entry ${entry}`
  return [
    `${act} at ${at} by ${person ?? 'nobody'}`,
    ...(signed ? [`  signed by: ${by}`, `  at: ${origin}, format version ${version}`] : ['  not signed']),
    `  audit trail: ${trail}`,
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
