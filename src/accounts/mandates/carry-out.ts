import { createHash } from 'node:crypto'
import { retryChange } from '../../storage/compare-and-set.ts'
import type { DatabaseTransaction } from '../../storage/database.ts'
import type { Actor, NaturalPerson } from '../natural-persons.ts'
import { refuseAct, type Acted, type MandatesDeps, type PersonAct, type Sign } from './acts.ts'
import { canonicalText } from './canonical.ts'
import { decide } from './decide-act.ts'
import type { PrincipalView } from './principals.ts'
import type { Mandate } from './mandate-rules.ts'
import * as store from './store.ts'

const events = {
  offer: 'mandate.offered',
  accept: 'mandate.accepted',
  decline: 'mandate.declined',
  end: 'mandate.ended',
  confirm: 'mandate.confirmed',
  regrant: 'mandate.confirmed',
} as const

/** An act with all that decides and records it. */
export interface Execution {
  act: PersonAct
  person: NaturalPerson
  by: Actor
  /** Reads the principal as it is now; undefined where this person must not know of it. */
  readPrincipal(): Promise<PrincipalView | undefined>
  /** Columns of an offer that the rules do not know. */
  columns?: store.OfferColumns
  /** Keyed fingerprint of the invitee, for the text of an offer. */
  to?: string
  sign?: Sign | undefined
  /** Account that gets a notice of an offer. */
  invitedId?: string | undefined
}

type Deps = Pick<MandatesDeps, 'database' | 'guard' | 'audit' | 'notifier' | 'publish' | 'clock'>

/** Decides an act by the rules and writes it. A decision on an outdated version is made again. */
export async function carryOut(deps: Deps, execution: Execution): Promise<Acted> {
  const { database, publish, clock } = deps
  const { act, person, by, readPrincipal } = execution
  const acted = await retryChange(async (): Promise<Acted | undefined> => {
    const view = await readPrincipal()
    if (!view) return refuseAct(deps, act, person, by, 'not_found')
    const decision = decide(view.affairs, act, clock())
    if (!decision.ok) return refuseAct(deps, act, person, by, decision.problem)
    const [mandate] = decision.changed
    if (!mandate) throw new Error('an act that changes nothing')
    const written = await database
      .transaction()
      .execute((transaction) => write(deps, transaction, execution, { view, mandate, changed: decision.changed }))
      .then(
        () => true,
        (error: unknown) => {
          if (error instanceof store.Outdated) return false
          throw error
        },
      )
    if (!written) return undefined
    publish('principal', view.id)
    const was = ({ id }: Mandate) => view.rows.find((row) => row.id === id) ?? []
    return act.type === 'end' ? { ok: true, mandate, before: decision.changed.flatMap(was) } : { ok: true, mandate }
  })
  return acted ?? refuseAct(deps, act, person, by, 'changed')
}

interface Decided {
  view: PrincipalView
  /** The mandate that the act is about: the first of `changed`. */
  mandate: Mandate
  changed: Mandate[]
}

async function write(deps: Deps, transaction: DatabaseTransaction, execution: Execution, decided: Decided) {
  const { view, mandate, changed } = decided
  const { act } = execution
  const now = deps.clock()
  await store.advanceVersion(transaction, view.id, view.version)
  for (const one of changed) {
    await store.writeMandate(deps.guard, transaction, one, now, one === mandate ? execution.columns : undefined)
  }
  const { text, signature } = signatureOf(execution, mandate)
  for (const one of changed) {
    const signed = one === mandate ? { text, signature } : {}
    const entry = { principalId: view.id, mandateId: one.id, event: nameOf(act), actor: execution.by.actor }
    await store.appendHistory(transaction, { ...entry, personId: execution.person.id, ...signed }, now)
    await notify(deps, transaction, execution, one)
  }
  if (act.type === 'end') await store.scheduleGrantCheck(transaction, view.id, now)
  // a mandate also ends when its time is over
  if (act.type === 'accept' || nameOf(act) === 'confirm') {
    await store.scheduleGrantCheck(transaction, view.id, mandate.expiresAt)
  }
  await auditAct(deps, transaction, execution, decided, signature)
}

function signatureOf({ act, to, sign }: Execution, mandate: Mandate): { text?: string; signature?: string } {
  const name = nameOf(act)
  if (name !== 'offer' && name !== 'accept' && name !== 'confirm') return {}
  const text = canonicalText(name, mandate, to ?? mandate.personId ?? '-')
  const signature = sign?.(text)
  return signature === undefined ? { text } : { text, signature }
}

/** History and signed text call both a confirmation: the owner gives a mandate that there was before. */
const nameOf = ({ type }: PersonAct) => (type === 'regrant' ? 'confirm' : type)

/** The invitee learns of an offer, the giver of an acceptance, the holder of the rest: unless it was their own act. */
async function notify(
  { notifier }: Deps,
  transaction: DatabaseTransaction,
  { act, person, invitedId }: Execution,
  { grantedBy, personId: holder }: Mandate,
) {
  const told = {
    offer: [invitedId, 'mandate-offered'],
    accept: [grantedBy, 'mandate-accepted'],
    end: [holder, 'mandate-ended'],
    regrant: [holder, 'mandate-again'],
  } as const
  if (act.type === 'decline' || act.type === 'confirm') return
  const [recipient, kind] = told[act.type]
  if (!recipient || recipient === person.id) return
  await notifier.notify({ personId: recipient, kind }, transaction)
}

async function auditAct(
  { audit }: Deps,
  transaction: DatabaseTransaction,
  { act, person, by }: Execution,
  { view, mandate, changed }: Decided,
  signature: string | undefined,
) {
  const { id, role, matters } = mandate
  // the digest ties the signature to this moment
  const digest =
    signature === undefined ? {} : { signature: createHash('sha256').update(signature).digest('base64url') }
  const named = { principal: view.id, mandate: id, role, matters: [...matters] }
  const again = act.type === 'regrant' ? { again: act.before[0]?.id } : {}
  const details = { ...named, changed: changed.length, ...again, ...digest }
  await audit.append(transaction, { event: events[act.type], ...by, personId: person.id, details })
}
