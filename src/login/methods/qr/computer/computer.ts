import { isEnded } from '../../../../accounts/sign-in-endings.ts'
import { requestOf } from '../../../../pages/request-context.ts'
import { Refusal } from '../../../../refusal/refusal.ts'
import { hashId } from '../../../../storage/hash-id.ts'
import { typedDigits } from '../../../../text/typed-digits.ts'
import { assertQuestion } from '../../../attempt.ts'
import type { LoginHost, RouterContext } from '../../../method.ts'
import type { BrowserKeys } from '../browser-key.ts'
import type { Frames } from '../code-frames.ts'
import type { QrLimits } from '../qr-limits.ts'
import { auditEntries } from '../outcome-audit.ts'
import { amr, name, type QrDeps } from '../qr-deps.ts'
import type { QrEvent, QrTransaction } from '../states.ts'
import type { QrTransactions } from '../transactions.ts'
import { sealComputer } from './computer-seal.ts'
import { computerView } from './computer-view.ts'
import { requestedBy } from './requested.ts'

export interface ComputerDeps extends QrDeps {
  host: LoginHost
  transactions: QrTransactions
  limits: QrLimits
  keys: BrowserKeys
  frames: Frames
}

/** Begins a login by QR code for this browser and this attempt. @throws Refusal as `QrLimits.begin` */
export async function startWaiting(deps: ComputerDeps, ctx: RouterContext) {
  const { transactions, limits, keys, cipher, settings } = deps
  const attempt = await loginAttempt(deps, ctx)
  const request = requestOf(ctx)
  const { address, browser } = request
  const attemptId = hashId(attempt.id)
  await limits.begin(request, attemptId, settings.lifetimes.interaction)
  const { id, transaction } = await transactions.create({
    attempt: attemptId,
    endsAt: (attempt.interaction.exp ?? 0) * 1000,
    ...requestedBy(attempt),
    waiter: keys.make(ctx, 'waiter'),
    computer: sealComputer(cipher, attemptId, { address, browser }),
  })
  return { id, ...viewOf(deps, id, transaction) }
}

async function loginAttempt({ host }: ComputerDeps, ctx: RouterContext) {
  const attempt = await host.attempt(ctx)
  assertQuestion(attempt, 'login')
  return attempt
}

/** The key of this browser, where it waits for this transaction in this attempt. @throws Refusal `qr_ended` for any other */
export async function waiterOf(deps: ComputerDeps, ctx: RouterContext, id: string): Promise<string> {
  const attempt = await loginAttempt(deps, ctx)
  const waiter = deps.keys.read(ctx, 'waiter')
  const transaction = await deps.transactions.find(id)
  if (waiter === undefined || transaction?.waiter !== waiter || transaction.attempt !== hashId(attempt.id)) {
    throw new Refusal('qr_ended', 'another browser or another login')
  }
  return waiter
}

/** Applies an event, and audits an end or a refusal. @throws Refusal `qr_ended` where the transaction is gone */
export async function applyEvent(deps: ComputerDeps, ctx: RouterContext, id: string, event: QrEvent) {
  const applied = await deps.transactions.apply(id, event)
  if (!applied) throw new Refusal('qr_ended', 'gone')
  const { address, browser } = requestOf(ctx)
  for (const entry of auditEntries(applied)) {
    await deps.audit.record({ ...entry, actor: 'person', restricted: { address, browser } })
  }
  return applied
}

/** The transaction now. The waiting page is the first to see that its time is over, so this writes the end down. */
export async function readNow(deps: ComputerDeps, ctx: RouterContext, id: string) {
  const transaction = await deps.transactions.find(id)
  if (transaction?.state === 'expired') await applyEvent(deps, ctx, id, { kind: 'tick' })
  return transaction
}

export function viewOf({ frames, settings, clock }: ComputerDeps, id: string, transaction: QrTransaction) {
  const { times, codeTries } = settings.methods.qr
  return computerView(id, transaction, clock(), { frames, issuer: settings.issuer, times, codeTries })
}

export async function viewNow(deps: ComputerDeps, ctx: RouterContext, id: string) {
  const transaction = await readNow(deps, ctx, id)
  return transaction && viewOf(deps, id, transaction)
}

/** Checks the four digits that the person typed. @throws Refusal `bad_request`, `qr_ended` */
export async function checkCode(deps: ComputerDeps, ctx: RouterContext, id: string) {
  const waiter = await waiterOf(deps, ctx, id)
  const typed = typedDigits(requestOf(ctx).form['code'])
  if (!/^\d{4}$/.test(typed)) throw new Refusal('bad_request', 'not four digits')
  const right = deps.frames.codeHolds(id, typed)
  await applyEvent(deps, ctx, id, { kind: 'code', waiter, right, tries: deps.settings.methods.qr.codeTries })
  return { right, ...(await viewNow(deps, ctx, id)) }
}

/** Signs in by an approved transaction, or shows the sign-in page with a refusal. */
export async function redeem(deps: ComputerDeps, ctx: RouterContext, id: string): Promise<void> {
  const { host } = deps
  const waiter = await waiterOf(deps, ctx, id).catch((error: unknown) => {
    if (error instanceof Refusal && error.code === 'qr_ended') return undefined
    throw error
  })
  const applied = waiter === undefined ? undefined : await applyEvent(deps, ctx, id, { kind: 'redeem', waiter })
  const { personId, phoneLevel, phoneSession, clientId } = applied?.after ?? {}
  if (!applied || applied.refused || personId === undefined || phoneLevel === undefined) {
    return host.refuse(ctx, { method: name, code: 'qr_ended', personId })
  }
  const approver = await approverOf(deps, personId, phoneSession)
  if (!approver) return host.refuse(ctx, { method: name, code: 'qr_ended', personId })
  const { signedIn } = await host.succeed(ctx, { method: name, personId, amr, vouched: phoneLevel, ...approver })
  if (signedIn) await notifyPerson(deps, ctx, personId, clientId ?? '')
  return undefined
}

/** The session that approved, while it is open: its end is the end of the sign-in that it approved. */
async function approverOf(
  { persons, sessions }: ComputerDeps,
  personId: string,
  session: QrTransaction['phoneSession'],
) {
  const person = await persons.find(personId)
  if (!person || !session || isEnded(person.endings, { at: session.at, sessionUid: session.uid })) return undefined
  if (!(await sessions.find(session.uid))) return undefined
  return { epoch: person.endings.epoch, through: await sessions.origin(session.uid) }
}

/** The notice lets the person say in the account centre that it was not them. */
async function notifyPerson(deps: ComputerDeps, ctx: RouterContext, personId: string, clientId: string) {
  const { address, browser, language } = requestOf(ctx)
  const client = await deps.findClient(clientId)
  await deps.notifier.notify({
    personId,
    kind: 'signed-in-by-qr',
    details: { portal: client?.names?.[language] ?? client?.name ?? '' },
    restricted: { address, browser },
  })
}
