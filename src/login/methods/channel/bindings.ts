import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Authenticator } from '../../../accounts/authenticators.ts'
import type { ChannelIdentity } from '../../../channels/channel-client.ts'
import { isAlipay, type Channel } from '../../../channels/channels.ts'
import type { Database } from '../../../storage/database.ts'
import { name, type ChannelDeps } from './channel-deps.ts'
import { levelOf } from './shown-here.ts'

const level = z.union([z.literal(2), z.literal(3), z.literal(4)])
const idsSchema = z.record(z.string(), z.record(z.string(), z.string()))

/** A stored binding. Nothing here names the person at the vendor, but `ids`, which is sealed. */
const schema = z.object({
  namespace: z.string(),
  /** The channel that it was bound by. */
  channel: z.string(),
  /** The highest level that it may give. */
  level,
  /** The sign-in that bound it. */
  boundIn: z.object({ level, amr: z.array(z.string()) }),
  /** The vendor's ids of the person by channel, sealed: an id may be of one app alone. */
  ids: z.string(),
  /** Another row for the same account, from before the vendor changed its id. */
  twinOf: z.string().optional(),
})

type Stored = z.infer<typeof schema>

/** One account of a vendor that a person has bound. */
export interface Binding extends Stored {
  authenticator: Authenticator
}

type Deps = Pick<ChannelDeps, 'authenticators' | 'blindIndex' | 'cipher' | 'database'>

const idsAad = (id: string) => `authenticators.data:${id}`

export const readBinding = (authenticator: Authenticator): Binding => ({
  ...schema.parse(JSON.parse(authenticator.data)),
  authenticator,
})

const keyOf = ({ blindIndex }: Deps, { namespace }: Channel, subject: string) =>
  blindIndex('channel-subject', `${namespace}\0${subject}`)

/** The ids that may name the person: the channel's own first. Alipay changes `user_id` to `open_id`, and sends both for a time. */
const subjectsOf = ({ kind }: Channel, { subject, ids }: ChannelIdentity): string[] =>
  isAlipay(kind) ? [...new Set([subject, ...[ids.open_id, ids.user_id].filter((one) => one !== undefined)])] : [subject]

/** The binding of an identity, by the id that the channel names people by, or by the vendor's earlier id. */
export async function findBinding(
  deps: Deps,
  channel: Channel,
  identity: ChannelIdentity,
): Promise<Binding | undefined> {
  for (const subject of subjectsOf(channel, identity)) {
    const found = await deps.authenticators.findByLookupKey(name, keyOf(deps, channel, subject))
    if (found) return wholeOf(deps, readBinding(found))
  }
  return undefined
}

/** A second row only leads to its binding: age, hold, level and removal are those of the binding. */
async function wholeOf({ authenticators }: Deps, found: Binding): Promise<Binding | undefined> {
  const { twinOf, authenticator } = found
  if (twinOf === undefined) return found
  const main = (await authenticators.list(authenticator.personId, name)).find(({ id }) => id === twinOf)
  return main && readBinding(main)
}

/** All bindings of a person, without the second rows of one account. */
export async function bindingsOf(
  { authenticators }: Pick<Deps, 'authenticators'>,
  personId: string,
): Promise<Binding[]> {
  const all = (await authenticators.list(personId, name)).map(readBinding)
  return all.filter(({ twinOf }) => !all.some(({ authenticator }) => authenticator.id === twinOf))
}

/** The vendor's ids of the person at one channel; undefined where they have not signed in by it. */
export const idsAt = (
  { cipher }: Pick<Deps, 'cipher'>,
  { authenticator, ids }: Binding,
  channel: Pick<Channel, 'id'>,
) =>
  idsSchema.parse(JSON.parse(cipher.open(ids, idsAad(authenticator.id))))[channel.id] as
    | ChannelIdentity['ids']
    | undefined

/** Stores a binding; undefined where one of its ids is bound already, to whomever. */
export async function addBinding(
  deps: Deps,
  within: Database,
  given: { personId: string; channel: Channel; identity: ChannelIdentity; boundIn: Stored['boundIn'] },
): Promise<Authenticator | undefined> {
  const { personId, channel, identity, boundIn } = given
  const stored = { namespace: channel.namespace, channel: channel.id, level: levelOf(channel), boundIn }
  const [subject = identity.subject, ...earlier] = subjectsOf(channel, identity)
  const added = await addRow(deps, within, { personId, subject, channel, identity, stored })
  if (!added) return undefined
  for (const other of earlier) {
    const twin = await addRow(deps, within, {
      personId,
      subject: other,
      channel,
      identity,
      stored: { ...stored, twinOf: added.id },
    })
    if (!twin) return undefined
  }
  return added
}

async function addRow(
  deps: Deps,
  within: Database,
  given: {
    personId: string
    subject: string
    channel: Channel
    identity: ChannelIdentity
    stored: Omit<Stored, 'ids'>
  },
): Promise<Authenticator | undefined> {
  const { personId, subject, channel, identity, stored } = given
  const id = randomUUID()
  const ids = deps.cipher.seal(JSON.stringify({ [channel.id]: identity.ids }), idsAad(id))
  const data = JSON.stringify({ ...stored, ids } satisfies Stored)
  const lookupKey = keyOf(deps, channel, subject)
  return deps.authenticators.add({ id, personId, kind: name, lookupKey, data }, within)
}

/**
 * After a sign-in: stores the time, new ids of this channel, and a row for an id of a new kind.
 * A race is lost in silence: the next sign-in stores the same.
 */
export async function noteUse(
  deps: Deps,
  { authenticator, ...stored }: Binding,
  channel: Channel,
  identity: ChannelIdentity,
): Promise<void> {
  const { authenticators, cipher, database } = deps
  const { id, personId } = authenticator
  const known = idsSchema.parse(JSON.parse(cipher.open(stored.ids, idsAad(id))))
  const merged = { ...known, [channel.id]: { ...known[channel.id], ...identity.ids } }
  const isNew = JSON.stringify(merged) !== JSON.stringify(known)
  const ids = isNew ? cipher.seal(JSON.stringify(merged), idsAad(id)) : stored.ids
  const unknown = await subjectsWithoutRow(deps, channel, identity)
  if (isNew || unknown.length > 0)
    await database.transaction().execute(async (transaction) => {
      // a binding that was removed or held since gets no further row
      if (!(await authenticators.replaceData(authenticator, JSON.stringify({ ...stored, ids }), transaction))) return
      for (const subject of unknown) {
        await addRow(deps, transaction, {
          personId,
          subject,
          channel,
          identity,
          stored: { ...stored, twinOf: stored.twinOf ?? id },
        })
      }
    })
  await authenticators.used(authenticator)
}

async function subjectsWithoutRow(deps: Deps, channel: Channel, identity: ChannelIdentity): Promise<string[]> {
  const subjects = subjectsOf(channel, identity)
  // the only one has found the binding
  if (subjects.length === 1) return []
  const rows = await Promise.all(
    subjects.map((subject) => deps.authenticators.findByLookupKey(name, keyOf(deps, channel, subject))),
  )
  return subjects.filter((_, index) => rows[index] === undefined)
}

/** Ids of every row of a binding's account, its own last. */
export async function rowsOf(
  { authenticators }: Pick<Deps, 'authenticators'>,
  { personId, id }: Authenticator,
  within?: Database,
): Promise<string[]> {
  const rows = (await authenticators.list(personId, name, within)).map(readBinding)
  return [...rows.filter(({ twinOf }) => twinOf === id).map(({ authenticator }) => authenticator.id), id]
}

/** Removes a binding with every row of its account; false where it is gone. */
export async function removeBinding(
  deps: Pick<Deps, 'authenticators'>,
  within: Database,
  authenticator: Authenticator,
): Promise<boolean> {
  const { personId } = authenticator
  let removed = false
  for (const id of await rowsOf(deps, authenticator, within))
    removed = await deps.authenticators.remove(personId, id, within)
  return removed
}
