import { reindex } from '../../accounts/reindex.ts'
import { addDataKey, noteUse } from '../../keys/data-key-changes.ts'
import type { DataKeys } from '../../keys/data-keys.ts'
import {
  keyFingerprint,
  storeFacts,
  readKeysInStore,
  writeKeysInStore,
  type KeysInStore,
} from '../../keys/keys-in-store.ts'
import { keyNumber } from '../../keys/lookup-index.ts'
import { reseal } from '../../keys/reseal.ts'
import { overlapMs } from '../../keys/signing-keys.ts'
import { addTokenKeys, openTokenKeys } from '../../keys/token-keys.ts'
import { replaceFact } from '../../storage/store-facts.ts'
import type { Services } from '../../services.ts'
import { failed, iso, type Outcome } from '../outcome.ts'
import type { CommandContext } from '../command-context.ts'
import { newKey, waitingKey } from './new-key.ts'
import { machinesLack } from './other-machines.ts'
import { overtaken } from './overtaken.ts'
import { signingKeyStates } from './signing-key-states.ts'

export async function rotateSigning(context: CommandContext, now: boolean): Promise<Outcome> {
  const waiting = (await signingKeyStates(context)).filter(({ state }) => state === 'waits')
  if (waiting.length > 0 && !now) {
    const from = iso(waiting[0]?.key.useFrom ?? 0)
    return failed(`New keys wait already; they sign from ${from}. With --now, more keys are made and sign at once.`)
  }
  const { audit, keysChanged } = await context.services()
  const settings = await context.settings()
  const useFrom = context.clock() + (now ? 0 : overlapMs)
  const added = addTokenKeys(settings, context.clock, useFrom)
  await keysChanged()
  const present = new Set(openTokenKeys(settings, context.clock).map(({ kid }) => kid))
  if (!added.every((kid) => present.has(kid))) return overtaken
  await audit.record({ event: 'keys.rotated', actor: context.actor, details: { kind: 'signing', keys: added, now } })
  const notes = [
    now
      ? 'Portals cache the key set for a minute up to a day; until they reload it, they refuse new tokens.'
      : 'Published now. The old keys verify until their last token expires; then: npx yideng keys retire',
  ]
  return { ok: true, document: { added, sign_from: iso(useFrom) }, notes }
}

/** Makes an unused key. Every machine of the store gets it before the first one uses it. */
export async function prepare(context: CommandContext, kind: 'data' | 'index'): Promise<Outcome> {
  const services = await context.services()
  const stored = await readKeysInStore(services.database)
  if (kind === 'data' && isBehind(services.dataKeys, stored)) return behind(stored)
  const made = await newKey(services, kind)
  if ('refused' in made) return made.refused
  await services.keysChanged()
  const notes = [`Copy keys/data.json to every machine of this store, then: npx yideng keys rotate --kind ${kind}`]
  return { ok: true, document: { prepared: true, key: made.id }, shown: [], notes }
}

export const isBehind = ({ ids }: Pick<DataKeys, 'ids'>, { data }: KeysInStore) =>
  keyNumber(data) > keyNumber(ids().current)

/** A second key of one name would make the values of one key unreadable. */
export const behind = ({ data }: KeysInStore) =>
  failed(`Another machine of this store seals under ${data} already: copy its data.json to this machine first.`)

/** Servers read a changed key file within a second. Values that they seal until then are sealed again too. */
const settleMs = 2000

/** @param wait for machines that lack the new key, in place of a refusal */
export async function rotateData(context: CommandContext, wait = false): Promise<Outcome> {
  const { keysDir, suite } = await context.settings()
  const services = await context.services()
  const { database, dataKeys, keysChanged } = services
  dataKeys.refresh()
  const stored = await readKeysInStore(database)
  if (isBehind(dataKeys, stored)) return behind(stored)
  // first finish an interrupted run
  const finished = dataKeys.ids().old.length > 0 ? await pass(context, services) : { done: 0, left: [] }
  const resumed = finished.done > 0
  if (!resumed) {
    const refused = await machinesLack(services, 'data', { id: waitingKey(dataKeys, 'data', stored), wait })
    if (refused) return refused
    // claim the key before its use: servers seal under it as soon as the file has it
    const made = await newKey(services, 'data')
    if ('refused' in made) return made.refused
    addDataKey(keysDir, suite, { useFrom: iso(context.clock()) })
    dataKeys.refresh()
    await keysChanged()
  }
  return sealRest(context, services, { resumed, before: finished.done })
}

const pass = (context: CommandContext, { database, dataKeys }: Pick<Services, 'database' | 'dataKeys'>) =>
  reseal({ database, cipher: dataKeys.cipher, oldKeys: dataKeys.ids().old, progress: context.progress })

/** Seals the values under old keys, also those that servers sealed before they read the key file again. */
export async function sealRest(
  context: CommandContext,
  services: Pick<Services, 'database' | 'dataKeys' | 'audit'>,
  { resumed, before }: { resumed: boolean; before: number },
): Promise<Outcome> {
  const { database, dataKeys, audit } = services
  const { current, old } = dataKeys.ids()
  await database.transaction().execute(async (transaction) => {
    const ids = await readKeysInStore(transaction)
    if (ids.data === current) return
    await writeKeysInStore(transaction, { ...ids, data: current })
    await audit.append(transaction, {
      event: 'keys.rotated',
      actor: context.actor,
      details: { kind: 'data', keys: [current] },
    })
  })
  const first = await pass(context, services)
  await new Promise((resolve) => setTimeout(resolve, settleMs))
  const last = await pass(context, services)
  const document = { current, old, resumed, sealed: before + first.done + last.done, left: last.left }
  const notes = [
    'Back up keys/data.json now, and copy it to the other machines of this store.',
    'Running logins still need the old key. Tomorrow: npx yideng keys retire --kind data',
  ]
  if (last.left.length === 0) return { ok: true, document, notes }
  const fault = `${last.left.length} values could not be opened: ${last.left.slice(0, 5).join(', ')}`
  return { ok: true, document, notes, fault }
}

/**
 * During the change, accounts are found under the old and the new key.
 * New accounts use the new key from the transaction that writes it to the store and to the audit log.
 * @param wait for machines that lack the new key, in place of a refusal
 */
export async function rotateIndex(context: CommandContext, wait = false): Promise<Outcome> {
  const { keysDir } = await context.settings()
  const services = await context.services()
  const { database, dataKeys, audit, keysChanged } = services
  const { lookup, cipher, blindIndex } = dataKeys
  lookup.refresh()
  const before = await readKeysInStore(database)
  const resumed = before.index.length > 1 && lookup.known().includes(before.index[0])
  if (!resumed) {
    const refused = await machinesLack(services, 'index', { id: waitingKey(dataKeys, 'index', before), wait })
    if (refused) return refused
    const made = await newKey(services, 'index')
    if ('refused' in made) return made.refused
    const added = made.id
    await database.transaction().execute(async (transaction) => {
      const ids = await readKeysInStore(transaction)
      // another command came first
      if (ids.index[0] !== before.index[0]) return
      await writeKeysInStore(transaction, { ...ids, index: [added, ...ids.index] })
      await replaceFact(transaction, storeFacts.fingerprint, keyFingerprint(blindIndex).underIndexKeys)
      const details = { kind: 'index', keys: [added] }
      await audit.append(transaction, { event: 'keys.rotated', actor: context.actor, details })
    })
  }
  const [key] = (await readKeysInStore(database)).index
  if (!lookup.known().includes(key))
    return failed(`The data.json of this machine lacks ${key}: copy the file from the machine that made it.`)
  noteUse(keysDir, key, iso(context.clock()))
  await keysChanged()

  const { done, left } = await reindex({ database, cipher, lookup, key, progress: context.progress })
  if (left.length === 0) {
    await database.transaction().execute(async (transaction) => {
      const ids = await readKeysInStore(transaction)
      if (ids.index[0] === key) await writeKeysInStore(transaction, { ...ids, index: [key] })
    })
  }
  const { index } = await readKeysInStore(database)
  const document = { current: key, old: lookup.known().filter((id) => id !== key), resumed, indexed: done, left }
  const notes = [
    'Back up keys/data.json now, and copy it to the other machines of this store.',
    'When each of them has it: npx yideng keys retire --kind index',
  ]
  if (index.length === 1) return { ok: true, document, notes }
  const fault = `${left.length} accounts could not be opened, or have the username of another account: ${left.slice(0, 5).join(', ')}`
  return { ok: true, document, notes, fault }
}
