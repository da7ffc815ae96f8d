import { statSync } from 'node:fs'
import { join } from 'node:path'
import { indexedUnder } from '../../accounts/reindex.ts'
import { forgetKeys } from '../../keys/data-key-changes.ts'
import { dataKeyFile } from '../../keys/data-keys.ts'
import { readKeysInStore, releaseKey } from '../../keys/keys-in-store.ts'
import { firstOfOldFiles, keyNumber } from '../../keys/lookup-index.ts'
import { sealedUnder } from '../../keys/sealed-columns.ts'
import { openTokenKeys, retireTokenKeys } from '../../keys/token-keys.ts'
import { failed, invalid, iso, notFound, type Outcome } from '../outcome.ts'
import type { CommandContext } from '../command-context.ts'
import { retireCookie } from './rotate-cookie-keys.ts'
import { madeElsewhere } from './new-key.ts'
import { machinesStillNeed } from './other-machines.ts'
import { overtaken } from './overtaken.ts'
import { behind, isBehind } from './rotate.ts'
import { signingKeyStates } from './signing-key-states.ts'

/** Retires the named key, or every key that is no longer needed. */
export async function retire(
  context: CommandContext,
  kind: string,
  id: string | undefined,
  now: boolean,
): Promise<Outcome> {
  if (kind === 'signing') return retireSigning(context, id, now)
  if (kind === 'cookie') return retireCookie(context, id, now)
  if (now)
    return invalid({
      field: 'now',
      message: 'is for signing and cookie keys: values under a data or index key must be sealed again first.',
    })
  const { database, dataKeys } = await context.services()
  if (id !== undefined && madeElsewhere(dataKeys, await readKeysInStore(database)).includes(id))
    return giveUp(context, kind, id)
  return kind === 'data' ? retireData(context, id) : retireIndex(context, id)
}

/** Releases the name of an unused key whose machine is lost. */
async function giveUp(context: CommandContext, kind: string, id: string): Promise<Outcome> {
  const { database, audit } = await context.services()
  await database.transaction().execute(async (transaction) => {
    await releaseKey(transaction, id)
    await audit.append(transaction, { event: 'keys.retired', actor: context.actor, details: { kind, keys: [id] } })
  })
  return { ok: true, document: { retired: [id] }, notes: ['It was never used. Now any machine can make the next key.'] }
}

async function retireSigning(context: CommandContext, id: string | undefined, now: boolean): Promise<Outcome> {
  const keys = await signingKeyStates(context)
  const asked = id === undefined ? keys : keys.filter(({ key }) => key.kid === id)
  if (id !== undefined && asked.length === 0) return notFound('signing key', id)
  const [one] = asked
  if (id !== undefined && one?.state === 'signs') return failed('This key signs. First: npx yideng keys rotate --now')
  if (now && id === undefined) return failed('Name the leaked key.')
  const going = asked.filter(({ retirable }) => now || retirable).map(({ key }) => key.kid)
  if (id !== undefined && going.length === 0) {
    const when = one && Number.isFinite(one.retirableFrom) ? ` It may be retired from ${iso(one.retirableFrom)}.` : ''
    return failed(`Tokens with its signature may still be in use.${when} If it leaked: --now`)
  }
  if (going.length > 0) {
    const { audit, settings, keysChanged } = await context.services()
    retireTokenKeys(settings, context.clock, new Set(going))
    await keysChanged()
    if (openTokenKeys(settings, context.clock).some(({ kid }) => going.includes(kid))) return overtaken
    await audit.record({ event: 'keys.retired', actor: context.actor, details: { kind: 'signing', keys: going, now } })
  }
  return { ok: true, document: { retired: going }, notes: going.length > 0 ? [] : ['No key can be retired yet.'] }
}

/** Deletes the keys without a blocking reason; fails where every requested key has one. */
async function forget(
  context: CommandContext,
  kind: 'data' | 'index',
  asked: readonly string[],
  blockedBy: (key: string) => Promise<string | undefined>,
  notes: readonly string[],
): Promise<Outcome> {
  const going: string[] = []
  const staying: string[] = []
  for (const key of asked) {
    const reason = await blockedBy(key)
    if (reason === undefined) going.push(key)
    else staying.push(`${key} cannot be retired: ${reason}`)
  }
  if (going.length === 0 && staying.length > 0) return failed(...staying)
  if (going.length === 0) return { ok: true, document: { retired: [] }, notes: ['No key can be retired yet.'] }
  const { audit, settings, dataKeys, keysChanged } = await context.services()
  forgetKeys(settings.keysDir, new Set(going))
  dataKeys.refresh()
  await keysChanged()
  await audit.record({ event: 'keys.retired', actor: context.actor, details: { kind, keys: going } })
  return { ok: true, document: { retired: going }, notes: [...staying, ...notes] }
}

async function retireData(context: CommandContext, id: string | undefined): Promise<Outcome> {
  const services = await context.services()
  const { database, dataKeys, settings } = services
  dataKeys.refresh()
  const { current, old, waiting } = dataKeys.ids()
  const stored = await readKeysInStore(database)
  if (id !== undefined && ![current, ...old, ...waiting].includes(id)) return notFound('data key', id)
  if (id !== undefined && !old.includes(id))
    return failed('This key seals now or later. First: npx yideng keys rotate --kind data')
  if (isBehind(dataKeys, stored)) return behind(stored)
  const needed = old.length > 0 ? await machinesStillNeed(services, current) : undefined
  if (needed) return needed

  // sealed values in logins and sessions are not searched: wait for the longest lifetime
  const longestMs = Math.max(...Object.values(settings.lifetimes)) * 1000
  const changed = statSync(join(settings.keysDir, dataKeyFile)).mtimeMs
  return forget(
    context,
    'data',
    id === undefined ? old : [id],
    async (key) => {
      const sealed = await sealedUnder(database, [key])
      if (sealed.length > 0) {
        const places = sealed.map(({ column, many }) => `${many} in ${column}`).join(', ')
        const inAuditLog = sealed.some(({ column }) => column === 'audit_events.restricted')
        return `values are sealed under it: ${places}. ${
          inAuditLog
            ? 'Audit entries are never sealed again: the key is needed as long as you keep them.'
            : 'First: npx yideng keys rotate --kind data'
        }`
      }
      const successor = [...old, current].find((other) => keyNumber(other) > keyNumber(key)) ?? current
      const over = (dataKeys.usedFrom(successor) ?? changed) + longestMs
      return over > context.clock()
        ? `running logins may hold values that it sealed; it may be retired from ${iso(over)}.`
        : undefined
    },
    [
      'Copy keys/data.json to the other machines of this store and back it up.',
      'Older backups of the store need the data.json of their time: keep it, apart from everything else.',
    ],
  )
}

async function retireIndex(context: CommandContext, id: string | undefined): Promise<Outcome> {
  const services = await context.services()
  const { database, dataKeys } = services
  const { lookup } = dataKeys
  lookup.refresh()
  const { index } = await readKeysInStore(database)
  const old = lookup.known().filter((key) => keyNumber(key) < keyNumber(index[0]))
  if (id !== undefined && !lookup.known().includes(id)) return notFound('index key', id)
  if (id !== undefined && !old.includes(id))
    return failed('Accounts are found by this key, now or later. First: npx yideng keys rotate --kind index')
  const needed = old.length > 0 ? await machinesStillNeed(services, index[0]) : undefined
  if (needed) return needed
  const notes = [
    'Copy keys/data.json to the other machines of this store and back it up.',
    'For a restored older backup, compute the index again: npx yideng keys rotate --kind index',
  ]
  if (old.includes(firstOfOldFiles))
    notes.push(
      'Values that cannot be computed again (registers, device cookies, recovery codes, audit log) stay under `index` of data.json.',
    )
  return forget(
    context,
    'index',
    id === undefined ? old : [id],
    async (key) => {
      const many = await indexedUnder(database, key)
      if (many === 0 && !index.includes(key)) return undefined
      return `${many} accounts in natural_persons are found by it. First: npx yideng keys rotate --kind index`
    },
    notes,
  )
}
