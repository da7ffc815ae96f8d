import type { AccountRouter } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountHost } from '../login/method.ts'
import { myData, type MyDataDeps } from './my-data.ts'

export interface DataDeps extends MyDataDeps {
  centre: AccountHost
}

const room = '/account/data'

/** Download of everything stored about the person (Personal Information Protection Law, article 45). */
export function dataRoutes(router: AccountRouter, deps: DataDeps): void {
  router.get(room, 'change-authenticators', (ctx, account) => deps.centre.show(ctx, account, 'account/data', {}))

  router.post(room, { back: room, needs: 'change-authenticators' }, async (ctx, { person }) => {
    await deps.audit.record({ event: 'person.data-taken', ...actorOf(ctx), personId: person.id })
    ctx.set('content-disposition', 'attachment; filename="yideng-my-data.json"')
    ctx.type = 'application/json'
    ctx.body = `${JSON.stringify(await myData(deps, person), null, 2)}\n`
  })
}
