import type { Actor } from '../../accounts/natural-persons.ts'
import { areLastWays } from '../../accounts/sign-in-kinds.ts'
import type { Channel } from '../../channels/channels.ts'
import { bindingsOf, rowsOf } from '../../login/methods/channel/bindings.ts'
import { unbind } from '../../login/methods/channel/keeping.ts'
import { peopleBound } from '../../login/methods/channel/people-bound.ts'
import { Refusal } from '../../refusal/refusal.ts'
import type { Services } from '../../services.ts'
import { notFound } from '../outcome.ts'

/** The id of a channel, as YIDENG_CHANNELS has it. */
export const channelField = { type: 'text', required: true, placeholder: 'ID', meaning: 'id of the channel' } as const

export const noChannel = (id: string) => notFound('channel', id)

/** The accounts of vendors that a person has bound. */
export const boundBy = bindingsOf

/** How many people have bound an account, by namespace. */
export async function countBound(
  { database }: Pick<Services, 'database'>,
  channels: readonly Channel[],
): Promise<ReadonlyMap<string, number>> {
  const namespaces = [...new Set(channels.map(({ namespace }) => namespace))]
  const counted = namespaces.map(async (one) => [one, await peopleBound(database, one)] as const)
  return new Map(await Promise.all(counted))
}

/**
 * Removes what a person has bound in the namespace of a channel, and ends their sign-ins. It removes nothing where no other way in
 * would be left.
 * @returns how many accounts were removed
 */
export async function unbindAll(
  services: Pick<Services, 'database' | 'authenticators' | 'upstreams' | 'endSignIns' | 'audit' | 'notifier'>,
  { personId, channel }: { personId: string; channel: Channel },
  by: Actor,
): Promise<number | 'last-way-in'> {
  const { database } = services
  const bound = (await bindingsOf(services, personId))
    .filter(({ namespace }) => namespace === channel.namespace)
    .map(({ authenticator }) => authenticator)
  const rows = (await Promise.all(bound.map((one) => rowsOf(services, one)))).flat()
  if (await areLastWays(services, personId, database, rows)) return 'last-way-in'
  const outcomes = []
  for (const one of bound) outcomes.push(await outcomeOf(unbind(services, one, { stay: [], by })))
  const removed = outcomes.filter((outcome) => outcome === 'removed').length
  return removed === 0 && outcomes.includes('last_way_in') ? 'last-way-in' : removed
}

/** `not_found`: the person removed it at the same time. */
async function outcomeOf(act: Promise<void>): Promise<'removed' | 'last_way_in' | 'not_found'> {
  try {
    await act
    return 'removed'
  } catch (error) {
    if (error instanceof Refusal && (error.code === 'last_way_in' || error.code === 'not_found')) return error.code
    throw error
  }
}
