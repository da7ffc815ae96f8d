import { groupDocument, groupPhone } from '../accounts/identifiers/grouping.ts'
import type { AccountRouter } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountContext, AccountHost, RouterContext } from '../login/method.ts'
import type { Clients } from '../clients/clients.ts'
import { noticeKinds } from '../accounts/notices.ts'
import { nameBrowser } from '../pages/browser-name.ts'
import { requestOf } from '../pages/request-context.ts'
import { myData, type MyDataDeps } from './my-data.ts'
import { portalNames } from './portal-names.ts'
import { shownEvents } from './shown-events.ts'

export interface DataDeps extends MyDataDeps {
  centre: AccountHost
  clients: Clients
}

const room = '/account/data'
/** Entries of the history on the page; the file has all of them. */
const historyShown = 200

/** Everything stored about the person (Personal Information Protection Law, article 45): a page to read, and a file. */
export function dataRoutes(router: AccountRouter, deps: DataDeps): void {
  router.get(room, 'change-authenticators', (ctx, account) => deps.centre.show(ctx, account, 'account/data', {}))

  router.post(room, { back: room, needs: 'change-authenticators' }, async (ctx, account) => {
    const { person } = account
    await deps.audit.record({ event: 'person.data-taken', ...actorOf(ctx), personId: person.id })
    if (requestOf(ctx).form['as'] === 'page') return showPage(deps, ctx, account)
    ctx.set('content-disposition', 'attachment; filename="yideng-my-data.json"')
    ctx.type = 'application/json'
    ctx.body = `${JSON.stringify(await myData(deps, person), null, 2)}\n`
    return undefined
  })
}

async function showPage(deps: DataDeps, ctx: RouterContext, account: AccountContext): Promise<void> {
  const data = await myData(deps, account.person)
  const { language } = requestOf(ctx)
  const ids = [...data.consents.map(({ portal }) => portal), ...data.sessions.flatMap(({ portals }) => portals)]
  const nameOf = await portalNames(deps.clients, ids, language)
  const known = data.history.filter(({ event }) => (shownEvents as readonly string[]).includes(event))
  await deps.centre.show(ctx, account, 'account/my-data', {
    ...data,
    own: {
      ...data.account,
      documentNumber: groupDocument(data.account.documentNumber),
      phone: groupPhone(data.account.phone),
    },
    devices: data.devices.map((one) => ({ ...one, ...nameBrowser(one.browser) })),
    sessions: data.sessions.map((one) => ({
      ...one,
      ...nameBrowser(one.browser ?? ''),
      portals: one.portals.map(nameOf).filter(Boolean),
    })),
    consents: data.consents.map((one) => ({ ...one, portal: nameOf(one.portal) })),
    notices: data.notices.filter(({ kind }) => (noticeKinds as readonly string[]).includes(kind)),
    history: known.slice(0, historyShown),
    more: known.length > historyShown,
  })
}
