import { isEnded } from '../../../../accounts/sign-in-endings.ts'
import { hashId } from '../../../../storage/hash-id.ts'
import { requestOf } from '../../../../pages/request-context.ts'
import { Refusal } from '../../../../refusal/refusal.ts'
import { assertQuestion, type Attempt } from '../../../attempt.ts'
import type { LoginHost, Router, RouterContext } from '../../../method.ts'
import type { BrowserKeys } from '../browser-key.ts'
import { sealComputer } from './computer-seal.ts'
import { computerView, type ComputerViewParts } from './computer-view.ts'
import type { QrLimits } from '../limits.ts'
import { auditEntries } from '../outcome-audit.ts'
import { amr, name, type QrDeps } from '../qr-deps.ts'
import type { QrEvent, QrTransaction } from '../states.ts'
import { createQrStreams } from '../stream.ts'
import type { QrTransactions } from '../transactions.ts'

export interface ComputerDeps extends QrDeps, Pick<ComputerViewParts, 'frames'> {
  transactions: QrTransactions
  limits: QrLimits
  keys: BrowserKeys
}

const words = (value: unknown) => (typeof value === 'string' ? value.split(' ').filter(Boolean) : [])

/** Single attributes the portal asks for by `claims` (OIDC Core 5.5), which was checked when the login began. */
function claimsOf({ params }: Attempt): string[] {
  const { claims } = params
  if (typeof claims !== 'string') return []
  const { id_token: idToken, userinfo } = JSON.parse(claims) as Record<
    'id_token' | 'userinfo',
    object | null | undefined
  >
  return [...new Set([...Object.keys(idToken ?? {}), ...Object.keys(userinfo ?? {})])]
}

/** DESIGN 1.4: how a request says that a legal person is to be acted for. */
function asksLegalPerson({ params }: Attempt): boolean {
  const asked = new Set([...words(params['scope']), ...words(params['prompt'])])
  return params['representee_hint'] !== undefined || asked.has('representee') || asked.has('select_representee')
}

/** The waiting computer: /login/:attempt/qr/… */
export function computerRoutes(router: Router, host: LoginHost, deps: ComputerDeps): void {
  const { settings, clock, artifacts, events, cipher, transactions, limits, keys, frames, audit } = deps
  const { times, codeTries } = settings.methods.qr
  const viewParts: ComputerViewParts = { frames, issuer: settings.issuer, times, codeTries }
  const streams = createQrStreams({ clock, events, renew: artifacts.renew })

  const openAttempt = async (ctx: RouterContext) => {
    const attempt = await host.attempt(ctx)
    assertQuestion(attempt, 'login')
    return attempt
  }

  /** The transaction this browser waits for in this login. @throws Refusal `qr_ended` for any other */
  async function mine(ctx: RouterContext, id: string) {
    const attempt = await openAttempt(ctx)
    const waiter = keys.read(ctx, 'waiter')
    const transaction = await transactions.find(id)
    if (
      !transaction ||
      waiter === undefined ||
      transaction.waiter !== waiter ||
      transaction.attempt !== hashId(attempt.id)
    ) {
      throw new Refusal('qr_ended', 'another browser or another login')
    }
    return { attempt, waiter, transaction }
  }

  async function read(ctx: RouterContext, id: string) {
    const transaction = await transactions.find(id)
    // its time ran out: the page that waits is the first to see it, and writes it down
    if (transaction?.state === 'expired') await apply(ctx, id, { kind: 'tick' })
    return transaction
  }

  const viewOf = (id: string, transaction: QrTransaction) => computerView(id, transaction, clock(), viewParts)

  async function look(ctx: RouterContext, id: string) {
    const transaction = await read(ctx, id)
    return transaction && viewOf(id, transaction)
  }

  const asked = (ctx: RouterContext) => String(ctx.query['id'] ?? '')
  const posted = (ctx: RouterContext) => requestOf(ctx).form['id'] ?? ''

  /** Makes an event happen and audits its end or refusal. */
  async function apply(ctx: RouterContext, id: string, event: QrEvent) {
    const applied = await transactions.apply(id, event)
    if (!applied) throw new Refusal('qr_ended', 'gone')
    const { address, browser } = requestOf(ctx)
    for (const entry of auditEntries(applied)) {
      await audit.record({ ...entry, actor: 'person', restricted: { address, browser } })
    }
    return applied
  }

  router.post('/start', async (ctx) => {
    const attempt = await openAttempt(ctx)
    const request = requestOf(ctx)
    const { address, browser } = request
    const attemptId = hashId(attempt.id)
    await limits.begin(request, attemptId, settings.lifetimes.interaction)
    const { id, transaction } = await transactions.create({
      attempt: attemptId,
      clientId: attempt.client.id,
      domain: URL.parse(String(attempt.params['redirect_uri']))?.host ?? '',
      level: attempt.needed,
      scopes: words(attempt.params['scope']),
      claims: claimsOf(attempt),
      legalPerson: asksLegalPerson(attempt),
      waiter: keys.make(ctx, 'waiter'),
      computer: sealComputer(cipher, attemptId, { address, browser }),
    })
    ctx.body = { id, ...viewOf(id, transaction) }
  })

  router.get('/stream', async (ctx) => {
    const id = asked(ctx)
    await mine(ctx, id)
    streams.open(ctx, id, {
      read: () => read(ctx, id),
      now: transactions.now,
      view: (transaction) => viewOf(id, transaction),
    })
  })

  router.get('/state', async (ctx) => {
    const id = asked(ctx)
    await mine(ctx, id)
    ctx.body = await look(ctx, id)
  })

  router.post('/cancel', async (ctx) => {
    const id = posted(ctx)
    const { waiter } = await mine(ctx, id)
    await apply(ctx, id, { kind: 'cancel', waiter })
    ctx.body = await look(ctx, id)
  })

  router.post('/code', async (ctx) => {
    const id = posted(ctx)
    const { waiter } = await mine(ctx, id)
    const given = (requestOf(ctx).form['code'] ?? '').normalize('NFKC').replaceAll(/\s/g, '')
    if (!/^\d{4}$/.test(given)) throw new Refusal('bad_request', 'not four digits')
    const right = frames.codeHolds(id, given)
    await apply(ctx, id, { kind: 'code', waiter, right, tries: codeTries })
    ctx.body = { right, ...(await look(ctx, id)) }
  })

  router.post('/redeem', async (ctx) => {
    const id = posted(ctx)
    const waiting = await mine(ctx, id).catch((error: unknown) => {
      if (error instanceof Refusal && error.code === 'qr_ended') return undefined
      throw error
    })
    const applied = waiting && (await apply(ctx, id, { kind: 'redeem', waiter: waiting.waiter }))
    const { personId, phoneLevel, phoneSession, clientId } = applied?.after ?? {}
    if (!applied || applied.refused || personId === undefined || phoneLevel === undefined) {
      return host.refuse(ctx, { method: name, code: 'qr_ended', personId })
    }
    const phone = await phoneOf(personId, phoneSession)
    if (!phone) return host.refuse(ctx, { method: name, code: 'qr_ended', personId })
    const { signedIn } = await host.succeed(ctx, { method: name, personId, amr, vouched: phoneLevel, ...phone })
    return signedIn ? tell(ctx, personId, clientId ?? '') : undefined
  })

  /** The session that approved, as long as it goes on: what ends it ends what it approved. */
  async function phoneOf(personId: string, session: QrTransaction['phoneSession']) {
    const person = await deps.persons.find(personId)
    if (!person || !session || isEnded(person.endings, { at: session.at, sessionUid: session.uid })) return undefined
    if (!(await deps.sessions.find(session.uid))) return undefined
    return { epoch: person.endings.epoch, through: await deps.sessions.about(session.uid) }
  }

  /** The person reads in the account centre that a computer signed in, and can say that it was not them. */
  async function tell(ctx: RouterContext, personId: string, clientId: string) {
    const { address, browser, language } = requestOf(ctx)
    const client = await deps.findClient(clientId)
    await deps.notifier.notify({
      personId,
      kind: 'signed-in-by-qr',
      details: { portal: client?.names?.[language] ?? client?.name ?? '' },
      restricted: { address, browser },
    })
  }
}
