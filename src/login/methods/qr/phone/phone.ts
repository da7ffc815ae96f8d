import { redirectTo, idOf } from '../../../../pages/redirect.ts'
import { showPage, requestOf } from '../../../../pages/request-context.ts'
import { Refusal } from '../../../../refusal/refusal.ts'
import { actorOf } from '../../../host.ts'
import type { AccountHost, AccountContext, Router, RouterContext } from '../../../method.ts'
import type { Approvals } from '../approval.ts'
import type { BrowserKeys } from '../browser-key.ts'
import { contextOf } from '../context.ts'
import type { Frames } from '../frames.ts'
import type { RegionOf } from '../../../../config/networks.ts'
import type { QrDeps } from '../qr-deps.ts'
import type { Phone, PhoneActs, Scanner } from './phone-acts.ts'
import { deadline, type QrTransaction } from '../states.ts'

export interface PhoneDeps extends QrDeps {
  acts: PhoneActs
  approvals: Approvals
  keys: BrowserKeys
  frames: Frames
  regionOf: RegionOf
}

/** How browsers say that they fetch a page before anybody asks for it. */
const aheadOfNeed = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz']

/** The scanning phone: /q/1.… looks at the frame and then claims it, /q/scan/<id> shows what it is about and asks. */
export function phoneRoutes(router: Router, centre: AccountHost, deps: PhoneDeps): void {
  const { acts, approvals, keys, frames, devices, clock, settings } = deps

  const scannerOf = (ctx: RouterContext, key: string): Scanner => {
    const { address, networks } = requestOf(ctx)
    return { key, address, networks, by: actorOf(ctx) }
  }

  const phoneOf = (ctx: RouterContext, scanner: Scanner, { session }: AccountContext): Phone => ({
    ...scanner,
    personId: session.personId,
    level: session.level,
    amr: session.amr,
    sessionUid: session.uid,
    signedInAt: session.signedInAt,
    inApp: false,
    deviceKey: devices.keyOf(requestOf(ctx).device()),
  })

  const pathOf = (id: string) => `/q/scan/${id}`

  function scannerHere(ctx: RouterContext): { id: string; scanner: Scanner } {
    const key = keys.read(ctx, 'scanner')
    if (key === undefined) throw new Refusal('qr_gone', 'a browser that scanned nothing')
    return { id: idOf(ctx), scanner: scannerOf(ctx, key) }
  }

  async function ask(ctx: RouterContext, id: string, phone: Phone, { refused = false } = {}) {
    const request = requestOf(ctx)
    const transaction = await acts.find(id, phone)
    if (transaction.state !== 'scanned') return tell(ctx, id, transaction)
    const data = {
      ...(await contextOf(deps, transaction, request)),
      action: pathOf(id),
      csrf: request.csrf(),
      again: transaction.wishedAt !== undefined,
      sign: (await approvals.wanting(phone, transaction)) === 'signature',
      refused,
      seconds: Math.ceil((deadline(transaction, settings.methods.qr.times) - clock()) / 1000),
    }
    return showPage(ctx, 'qr/ask', data, refused ? 400 : 200)
  }

  async function tell(ctx: RouterContext, id: string, transaction: QrTransaction) {
    const { state, reason, needsCode, codeRight } = transaction
    const { language } = requestOf(ctx)
    const client = await deps.findClient(transaction.clientId)
    const name = client?.names?.[language] ?? client?.name ?? ''
    const code = state === 'approved' && needsCode && !codeRight ? [...frames.code(id)] : undefined
    showPage(ctx, 'qr/told', { state, reason: reason ?? '', portal: name, ...(code ? { code } : {}) })
  }

  router.get('/q/:frame', async (ctx) => {
    requestOf(ctx).returnTo = '/'
    // a page that only embeds or fetches this address must not scan in somebody's name (Fetch Metadata)
    const use = ctx.get('sec-fetch-dest')
    if (use !== '' && use !== 'document') throw new Refusal('forbidden', `scanned as ${use}`)
    // a page made ahead of need would go on by itself, and nobody has seen it
    if (aheadOfNeed.some((name) => ctx.get(name) !== '')) throw new Refusal('forbidden', 'fetched ahead of need')
    // what a camera opens comes from no page; an old browser does not say
    const byLink = ctx.get('sec-fetch-site') !== 'none'
    const scanner = scannerOf(ctx, keys.make(ctx, 'scanner'))
    const look = await acts.look(ctx['params']['frame'] ?? '', scanner, byLink)
    showPage(ctx, 'qr/look', { action: ctx.path, csrf: requestOf(ctx).csrf(), look, byLink })
  })

  router.post('/q/:frame', async (ctx) => {
    requestOf(ctx).returnTo = '/'
    const key = keys.read(ctx, 'scanner')
    if (key === undefined) throw new Refusal('qr_gone', 'a browser that looked at nothing')
    const { look = '' } = requestOf(ctx).form
    redirectTo(ctx, pathOf(await acts.claim(ctx['params']['frame'] ?? '', look, scannerOf(ctx, key))))
  })

  router.get('/q/scan/:id', async (ctx) => {
    const { id, scanner } = scannerHere(ctx)
    requestOf(ctx).returnTo = pathOf(id)
    const transaction = await acts.find(id, scanner)
    if (transaction.state !== 'scanned') return tell(ctx, id, transaction)
    const wentBack = ctx.query['back'] !== undefined
    if (wentBack && !(await centre.signedIn(ctx))) return tell(ctx, id, await acts.stop(id, scanner, 'no_sign_in'))

    const { wishedAt } = transaction
    const since = wishedAt === undefined || wentBack ? {} : { since: wishedAt }
    const account = await centre.enter(ctx, since)
    if (!account) return undefined
    const phone = phoneOf(ctx, scanner, account)
    const known = await acts.identify(id, phone)
    if (known.state !== 'scanned') return tell(ctx, id, known)
    const approved = wishedAt !== undefined && !wentBack ? await acts.approve(id, phone) : undefined
    return typeof approved === 'object' ? tell(ctx, id, approved) : ask(ctx, id, phone)
  })

  router.post('/q/scan/:id', async (ctx) => {
    const { id, scanner } = scannerHere(ctx)
    requestOf(ctx).returnTo = pathOf(id)
    const { decision } = requestOf(ctx).form
    if (decision === 'refuse') {
      await acts.decline(id, scanner)
    } else if (decision === 'approve') {
      const account = await centre.enter(ctx)
      if (!account) return
      const phone = phoneOf(ctx, scanner, account)
      if ((await acts.approve(id, phone)) === 'sign_in') await acts.wish(id, phone)
    } else {
      throw new Refusal('bad_request', 'no decision')
    }
    redirectTo(ctx, pathOf(id))
  })

  /** Who is to sign what is asked of this phone. */
  async function signing(ctx: RouterContext) {
    const { id, scanner } = scannerHere(ctx)
    requestOf(ctx).returnTo = pathOf(id)
    const account = await centre.enter(ctx)
    return account && { id, phone: phoneOf(ctx, scanner, account), transaction: await acts.find(id, scanner) }
  }

  router.post('/q/scan/:id/options', async (ctx) => {
    const begun = await signing(ctx)
    if (!begun) return
    const { id, phone, transaction } = begun
    if (transaction.state !== 'scanned') throw new Refusal('qr_gone', 'nothing to sign any more')
    ctx.body = await approvals.begin(id, phone, transaction)
  })

  router.post('/q/scan/:id/sign', async (ctx) => {
    const begun = await signing(ctx)
    if (!begun) return undefined
    const { id, phone, transaction } = begun
    if (transaction.state === 'scanned') {
      const signed = await approvals.finish(id, phone, transaction, requestOf(ctx).form['response'] ?? '')
      if (signed === undefined) return ask(ctx, id, phone, { refused: true })
      await acts.approve(id, phone, signed)
    }
    return redirectTo(ctx, pathOf(id))
  })
}
