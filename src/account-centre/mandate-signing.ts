import { randomUUID } from 'node:crypto'
import type { Acted, Mandates, Offering, SignedAct, Sign } from '../accounts/mandates/mandates.ts'
import { Outdated } from '../accounts/mandates/store.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountHost, AccountContext, RouterContext } from '../login/method.ts'
import type { Signatures } from '../login/text-signatures.ts'
import { redirectTo } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { mandateData } from './mandate-data.ts'
import { readPending, removePending, storePending } from './pending-act.ts'
import type { SessionMemoryDeps } from './session-memory.ts'

export interface SigningDeps extends SessionMemoryDeps {
  centre: AccountHost
  mandates: Mandates
  signatures: Signatures
}

export const signPath = '/account/mandates/sign'

type Wished = Exclude<SignedAct, { type: 'offer' }> | { type: 'offer'; principalId: string; offering: Offering }

/**
 * Does an act on a mandate at once. Where the person has a passkey, redirects to the page that asks for a signature, and
 * returns undefined.
 */
export async function beginAct(
  deps: SigningDeps,
  ctx: RouterContext,
  account: AccountContext,
  wished: Wished,
): Promise<Acted | undefined> {
  const { mandates, signatures } = deps
  const act: SignedAct =
    wished.type === 'offer' ? { ...wished, offering: { ...wished.offering, id: randomUUID() } } : wished
  if (!(await signatures.canSign(account.person.id))) return carryOut(mandates, ctx, account, act)
  const preview = await mandates.preview(act, account.person, actorOf(ctx))
  if (!preview.ok) return preview
  await storePending(deps, account, { text: preview.text, act })
  redirectTo(ctx, signPath)
  return undefined
}

/**
 * Shows the pending act: in words, and the exact text of the signature.
 * @throws Refusal `login_expired`, `busy` where the text has changed
 */
export async function showPendingAct(
  deps: SigningDeps,
  ctx: RouterContext,
  account: AccountContext,
  refused: boolean,
): Promise<void> {
  const { act, text } = await readPending(deps, account)
  const preview = await deps.mandates.preview(act, account.person, actorOf(ctx))
  // the form had been checked before: the mandate or its principal has changed since
  if (!preview.ok || preview.text !== text) throw new Refusal('busy', 'the text to be signed has changed')
  const data = {
    act: act.type,
    mandate: mandateData(preview.mandate, requestOf(ctx).language),
    principal: preview.principal.name,
    to: act.type === 'offer' ? act.offering.invitee.name : '',
    text,
    refused,
  }
  await deps.centre.show(ctx, account, 'account/mandate-sign', data, refused ? 400 : 200)
}

const signerOf = ({ session, person }: AccountContext) => ({ sessionUid: session.uid, personId: person.id })

/** WebAuthn options for the signature of the pending act. @throws Refusal `login_expired` */
export async function signingOptions(deps: SigningDeps, account: AccountContext): Promise<object> {
  return deps.signatures.begin(signerOf(account), (await readPending(deps, account)).text)
}

/**
 * Verifies the signature and does the pending act. Undefined where the signature is refused: the page asks again.
 * @throws Refusal `login_expired`
 */
export async function finishAct(
  deps: SigningDeps,
  ctx: RouterContext,
  account: AccountContext,
): Promise<{ act: SignedAct; acted: Acted } | undefined> {
  const { act, text } = await readPending(deps, account)
  const answer = requestOf(ctx).form['response'] ?? ''
  const signed = await deps.signatures.finish(signerOf(account), text, answer, actorOf(ctx))
  if (!signed.ok) {
    await showPendingAct(deps, ctx, account, true)
    return undefined
  }
  await removePending(deps, account)
  const acted = await carryOut(deps.mandates, ctx, account, act, (now) => {
    if (now !== text) throw new Outdated('the signature is for another text')
    return signed.proof
  })
  return { act, acted }
}

function carryOut(
  mandates: Mandates,
  ctx: RouterContext,
  { person }: AccountContext,
  act: SignedAct,
  sign?: Sign,
): Promise<Acted> {
  const by = actorOf(ctx)
  if (act.type === 'offer') return mandates.offer(act.principalId, person, act.offering, by, sign)
  if (act.type === 'accept') return mandates.accept(act.id, person, by, sign)
  if (act.type === 'regrant') return mandates.regrant(act, person, by, sign)
  return mandates.confirm(act.id, person, by, sign)
}
