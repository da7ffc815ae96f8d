import { actorOf } from '../../../actor.ts'
import { embedding, isPrefetched } from '../../../../pages/fetch-metadata.ts'
import { redirectTo, idOf } from '../../../../pages/redirect.ts'
import { requestOf, showPage } from '../../../../pages/request-context.ts'
import { Refusal } from '../../../../refusal/refusal.ts'
import type { AccountContext, AccountHost, Router, RouterContext } from '../../../method.ts'
import type { BrowserKeys } from '../browser-key.ts'
import { contextOf } from '../context.ts'
import { deadline, type QrTransaction } from '../states.ts'
import { approve, decline, identify, stop, wish } from './phone-decision.ts'
import type { Phone, PhoneDeps, Scanner } from './phone-deps.ts'
import { claim, findScanned, look } from './scan.ts'

export interface PhonePages extends PhoneDeps {
  keys: BrowserKeys
  centre: AccountHost
}

const pathOf = (id: string) => `/q/scan/${id}`

/** The scanning phone: /q/1.… looks at a frame and claims it, /q/scan/<id> shows the request and asks. */
export function phoneRoutes(router: Router, deps: PhonePages): void {
  frameRoutes(router, deps)
  decisionRoutes(router, deps)
  signingRoutes(router, deps)
}

function frameRoutes(router: Router, deps: PhonePages): void {
  const { keys } = deps

  router.get('/q/:frame', async (ctx) => {
    requestOf(ctx).returnTo = '/'
    // a page that embeds or fetches this address must not scan in a person's name (Fetch Metadata)
    const destination = embedding(ctx)
    if (destination !== undefined) throw new Refusal('forbidden', `scanned as ${destination}`)
    // a prefetched page would go on without the person
    if (isPrefetched(ctx)) throw new Refusal('forbidden', 'prefetched')
    // an address that a camera opens comes from no page; an old browser sends no such header
    const ticket = ctx.query['t'] === undefined ? undefined : String(ctx.query['t'])
    const byLink = ticket !== undefined || ctx.get('sec-fetch-site') !== 'none'
    const scanner = scannerOf(ctx, keys.make(ctx, 'scanner'))
    const signedLook = await look(deps, ctx['params']['frame'] ?? '', scanner, { byLink, ticket })
    showPage(ctx, 'qr/look', { action: ctx.path, csrf: requestOf(ctx).csrf(), look: signedLook, byLink })
  })

  router.post('/q/:frame', async (ctx) => {
    requestOf(ctx).returnTo = '/'
    const key = keys.read(ctx, 'scanner')
    if (key === undefined) throw new Refusal('qr_gone', 'a browser that looked at nothing')
    const { look: signedLook = '' } = requestOf(ctx).form
    redirectTo(ctx, pathOf(await claim(deps, ctx['params']['frame'] ?? '', signedLook, scannerOf(ctx, key))))
  })
}

function decisionRoutes(router: Router, deps: PhonePages): void {
  const { centre } = deps

  router.get('/q/scan/:id', async (ctx) => {
    const { id, scanner } = scannerHere(deps, ctx)
    requestOf(ctx).returnTo = pathOf(id)
    const transaction = await findScanned(deps, id, scanner)
    if (transaction.state !== 'scanned') return showOutcome(deps, ctx, id, transaction)
    const wentBack = ctx.query['back'] !== undefined
    if (wentBack && !(await centre.signedIn(ctx)))
      return showOutcome(deps, ctx, id, await stop(deps, id, scanner, 'no_sign_in'))

    const { wishedAt } = transaction
    const since = wishedAt === undefined || wentBack ? {} : { since: wishedAt }
    const account = await centre.enter(ctx, since)
    if (!account) return undefined
    const phone = phoneOf(deps, ctx, scanner, account)
    const known = await identify(deps, id, phone)
    if (known.state !== 'scanned') return showOutcome(deps, ctx, id, known)
    const approved = wishedAt !== undefined && !wentBack ? await approve(deps, id, phone) : undefined
    return typeof approved === 'object' ? showOutcome(deps, ctx, id, approved) : ask(deps, ctx, id, phone)
  })

  router.post('/q/scan/:id', async (ctx) => {
    const { id, scanner } = scannerHere(deps, ctx)
    requestOf(ctx).returnTo = pathOf(id)
    const { decision } = requestOf(ctx).form
    if (decision === 'refuse') {
      await decline(deps, id, scanner)
    } else if (decision === 'approve') {
      const account = await centre.enter(ctx)
      if (!account) return
      const phone = phoneOf(deps, ctx, scanner, account)
      if ((await approve(deps, id, phone)) === 'sign_in') await wish(deps, id, phone)
    } else {
      throw new Refusal('bad_request', 'no decision')
    }
    redirectTo(ctx, pathOf(id))
  })
}

function signingRoutes(router: Router, deps: PhonePages): void {
  const { approvals, centre } = deps

  /** The phone and the transaction that it signs; undefined where the browser was sent to sign in. */
  async function signing(ctx: RouterContext) {
    const { id, scanner } = scannerHere(deps, ctx)
    requestOf(ctx).returnTo = pathOf(id)
    const account = await centre.enter(ctx)
    if (!account) return undefined
    return { id, phone: phoneOf(deps, ctx, scanner, account), transaction: await findScanned(deps, id, scanner) }
  }

  router.post('/q/scan/:id/options', async (ctx) => {
    const begun = await signing(ctx)
    if (!begun) return
    const { id, phone, transaction } = begun
    if (transaction.state !== 'scanned') throw new Refusal('qr_gone', 'nothing to sign')
    ctx.body = await approvals.begin(id, phone, transaction)
  })

  router.post('/q/scan/:id/sign', async (ctx) => {
    const begun = await signing(ctx)
    if (!begun) return undefined
    const { id, phone, transaction } = begun
    if (transaction.state === 'scanned') {
      const signed = await approvals.finish(id, phone, transaction, requestOf(ctx).form['response'] ?? '')
      if (signed === undefined) return ask(deps, ctx, id, phone, { refused: true })
      await approve(deps, id, phone, signed)
    }
    return redirectTo(ctx, pathOf(id))
  })
}

function scannerOf(ctx: RouterContext, key: string): Scanner {
  const { address, networks } = requestOf(ctx)
  return { key, address, networks, by: actorOf(ctx) }
}

/** @throws Refusal `qr_gone` for a browser that scanned nothing */
function scannerHere({ keys }: PhonePages, ctx: RouterContext): { id: string; scanner: Scanner } {
  const key = keys.read(ctx, 'scanner')
  if (key === undefined) throw new Refusal('qr_gone', 'a browser that scanned nothing')
  return { id: idOf(ctx), scanner: scannerOf(ctx, key) }
}

const phoneOf = (
  { devices }: PhonePages,
  ctx: RouterContext,
  scanner: Scanner,
  { session }: AccountContext,
): Phone => ({
  ...scanner,
  personId: session.personId,
  level: session.level,
  amr: session.amr,
  sessionUid: session.uid,
  signedInAt: session.signedInAt,
  inApp: false,
  deviceKey: devices.keyOf(requestOf(ctx).device()),
})

const secondsLeft = ({ settings, clock }: PhonePages, transaction: QrTransaction) =>
  Math.ceil((deadline(transaction, settings.methods.qr.times) - clock()) / 1000)

async function ask(deps: PhonePages, ctx: RouterContext, id: string, phone: Phone, { refused = false } = {}) {
  const { approvals, settings, clock } = deps
  const { times } = settings.methods.qr
  const request = requestOf(ctx)
  const transaction = await findScanned(deps, id, phone)
  if (transaction.state !== 'scanned') return showOutcome(deps, ctx, id, transaction)
  const data = {
    ...(await contextOf(deps, transaction, request)),
    action: pathOf(id),
    csrf: request.csrf(),
    again: transaction.wishedAt !== undefined,
    sign: (await approvals.wanting(phone, transaction)) === 'signature',
    refused,
    container: request.container,
    secondsAgo: Math.round((clock() - (transaction.scannedAt ?? clock())) / 1000),
    seconds: secondsLeft(deps, transaction),
    of: times.decide,
  }
  return showPage(ctx, 'qr/ask', data, refused ? 400 : 200)
}

async function showOutcome(deps: PhonePages, ctx: RouterContext, id: string, after: QrTransaction) {
  const { frames, findClient, settings } = deps
  const { times } = settings.methods.qr
  const { state, reason, needsCode, codeRight, clientId } = after
  const { language } = requestOf(ctx)
  const client = await findClient(clientId)
  const portal = client?.names?.[language] ?? client?.name ?? ''
  const code = state === 'approved' && needsCode && !codeRight ? [...frames.code(id)] : undefined
  const until = { seconds: secondsLeft(deps, after), of: times.redeemWithCode, action: pathOf(id) }
  showPage(ctx, 'qr/told', { state, reason: reason ?? '', portal, ...(code ? { code, ...until } : {}) })
}
