import { secondFactorKinds, signInKinds } from '../../src/accounts/sign-in-kinds.ts'
import { dayMs } from '../../src/config/time.ts'
import type { Services } from '../../src/services.ts'

/** Every kind of way that a person may add: a method added later is in it by its declaration. */
const kinds = [...signInKinds, ...secondFactorKinds].filter((kind) => kind !== 'password')
const link = 'link'

/** Gives a person one authenticator of each kind, and a link to an upstream. */
export async function giveEveryWay(services: Services, personId: string): Promise<void> {
  const { authenticators, upstreamLinks, database } = services
  for (const kind of kinds) await authenticators.add({ personId, kind, lookupKey: `${kind} ${personId}`, data: '{}' })
  const given = { upstream: 'city', subject: personId, personId, level: 3, way: 'sign-in' } as const
  await database.transaction().execute((transaction) => upstreamLinks.add(transaction, given))
}

/** Each way by its kind: whether it is held, and whether a recovery now must hold it. */
export async function waysOf(services: Services, personId: string) {
  const { authenticators, upstreamLinks, settings, clock } = services
  const from = clock() - settings.recovery.passkeyDays * dayMs
  const rows = (await authenticators.list(personId)).filter(({ kind }) => kinds.includes(kind))
  const links = await upstreamLinks.of(personId)
  return [
    ...rows.map(({ kind, heldAt, createdAt }) => ({
      kind,
      held: heldAt !== null,
      holds: secondFactorKinds.includes(kind) || createdAt > from,
    })),
    ...links.map(({ pausedAt, linkedAt }) => ({ kind: link, held: pausedAt !== null, holds: linkedAt > from })),
  ]
}

type Ways = Awaited<ReturnType<typeof waysOf>>

export const heldOf = (ways: Ways) => ways.filter(({ held }) => held).map(({ kind }) => kind)

/** The ways that a recovery had to hold and did not. */
export const notHeld = (ways: Ways) => ways.filter(({ held, holds }) => holds && !held).map(({ kind }) => kind)
