import { hash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { indexedUnder } from '../../accounts/reindex.ts'
import { dataKeyFile } from '../../keys/data-keys.ts'
import { readKeysInStore } from '../../keys/keys-in-store.ts'
import { keyNumber } from '../../keys/lookup-index.ts'
import { rightsTables } from '../../keys/row-guard.ts'
import { unsealedRows } from '../../keys/seal-rows.ts'
import { sealedUnder } from '../../keys/sealed-columns.ts'
import type { Services } from '../../services.ts'
import { cookieKeyStates } from '../keys/rotate-cookie-keys.ts'
import { madeElsewhere } from '../keys/new-key.ts'
import type { Finding } from './finding.ts'
import { oldMs } from './keys.ts'

const day = (time: number) => new Date(time).toISOString().slice(0, 10)

/** Checks the keys of data.json and cookies.json: the keys of the store, complete, and not too old. */
export async function dataKeys(services: Services): Promise<Finding[]> {
  const behind = (await notOfTheStore(services)) ?? (await olderThanTheStore(services))
  return [
    ...(behind ?? [
      await sealing(services),
      await lookingUp(services),
      await authenticators(services),
      await rights(services),
    ]),
    ...(behind ? [] : await suite(services)),
    pairwise(services),
    ...(await cookies(services)),
  ]
}

const changedAt = ({ settings }: Services, file: string) => statSync(join(settings.keysDir, file)).mtimeMs

/** The age of a key. Files of older versions do not have it: then the age of the file. */
function age(services: Services, id: string) {
  const from = services.dataKeys.usedFrom(id)
  const startedAt = from ?? changedAt(services, dataKeyFile)
  return {
    old: startedAt < services.clock() - oldMs,
    since: `${id} since ${day(startedAt)}${from === undefined ? ' or before' : ''}`,
  }
}

/** Finds keys that two machines made under one name: the store has the fingerprint of the valid one. */
async function notOfTheStore({ database, dataKeys: keys }: Services): Promise<Finding[] | undefined> {
  const what = 'data keys'
  const stored = await readKeysInStore(database)
  const another = Object.entries(stored.fingerprints)
    .filter(([id, fingerprint]) => (keys.fingerprint(id) ?? fingerprint) !== fingerprint)
    .map(([id]) => id)
  if (another.length > 0) {
    const text = `data.json of this machine has another ${another.join(', ')} than the store: two machines made it`
    return [{ state: 'fail', what, finding: text, todo: 'copy data.json from the machine that made it first' }]
  }
  const elsewhere = madeElsewhere(keys, stored)
  if (elsewhere.length === 0) return undefined
  const text = `${elsewhere.join(', ')} was made on another machine and is not here yet`
  const todo = 'copy data.json from there before the key is used: this machine could not find or read accounts'
  return [{ state: 'warn', what, finding: text, todo }]
}

async function olderThanTheStore(services: Services): Promise<Finding[] | undefined> {
  const stored = await readKeysInStore(services.database)
  const known = services.dataKeys.lookup.known()
  const lacks = stored.index.filter((id) => !known.includes(id))
  const restored = lacks.length > 0 && lacks.every((id) => keyNumber(id) < keyNumber(known[0] ?? id))
  if (restored) {
    const text = `accounts are indexed under ${lacks.join(', ')}, which data.json no longer has: the store is an older one`
    const todo = 'npx yideng keys rotate --kind index'
    return [{ state: 'fail', what: 'index keys', finding: text, todo }]
  }
  const newer = keyNumber(stored.data) > keyNumber(services.dataKeys.ids().current) ? [stored.data, ...lacks] : lacks
  if (newer.length === 0) return undefined
  const text = `data.json of this machine is older than the store, which uses ${newer.join(', ')}`
  const todo = 'copy data.json from the machine with the last rotation: this machine cannot find or read some accounts'
  return [{ state: 'fail', what: 'data keys', finding: text, todo }]
}

async function sealing(services: Services): Promise<Finding> {
  const what = 'data keys'
  const { current, old } = services.dataKeys.ids()
  const { since, old: tooOld } = age(services, current)
  const sealed = old.length > 0 ? await sealedUnder(services.database, old) : []
  const inAuditLog = sealed.filter(({ column }) => column === 'audit_events.restricted')
  const left = sealed.filter((one) => !inAuditLog.includes(one))
  if (left.length > 0) {
    const places = left.map(({ column, many }) => `${many} in ${column}`).join(', ')
    const text = `half rotated: values are still under ${old.join(', ')}: ${places}`
    return { state: 'warn', what, finding: text, todo: 'npx yideng keys rotate --kind data' }
  }
  if (tooOld)
    return { state: 'warn', what, finding: `${since}: more than a year`, todo: 'npx yideng keys rotate --kind data' }
  if (old.length === 0) return { state: 'ok', what, finding: since }
  const why = inAuditLog.length > 0 ? 'opens old audit entries' : 'may be retired: npx yideng keys retire --kind data'
  return { state: 'ok', what, finding: `${since}; ${old.join(', ')} ${why}` }
}

async function lookingUp(services: Services): Promise<Finding> {
  const what = 'index keys'
  const { lookup } = services.dataKeys
  const [key, ...leaving] = (await readKeysInStore(services.database)).index
  if (leaving.length > 0) {
    const counts = await Promise.all(leaving.map((id) => indexedUnder(services.database, id)))
    const many = counts.reduce((sum, count) => sum + count, 0)
    const text = `half rotated: ${many} accounts are still indexed under ${leaving.join(', ')}`
    return { state: 'warn', what, finding: text, todo: 'npx yideng keys rotate --kind index' }
  }
  const { since, old } = age(services, key)
  if (old)
    return { state: 'warn', what, finding: `${since}: more than a year`, todo: 'npx yideng keys rotate --kind index' }
  const unused = lookup.known().filter((id) => keyNumber(id) < keyNumber(key))
  if (unused.length === 0) return { state: 'ok', what, finding: since }
  const text = `${since}; ${unused.join(', ')} no longer needed`
  return {
    state: 'warn',
    what,
    finding: text,
    todo: 'when every machine has this data.json: npx yideng keys retire --kind index',
  }
}

/** Checks that stored data has the algorithms of YIDENG_SUITE. */
async function suite({ database, dataKeys: keys, settings }: Services): Promise<Finding[]> {
  const [index] = (await readKeysInStore(database)).index
  const wrong = [keys.ids().current, index].filter((id) => keys.suiteOf(id) !== settings.suite)
  if (wrong.length === 0) return []
  const finding = `${wrong.join(', ')} has other algorithms than YIDENG_SUITE=${settings.suite}`
  return [{ state: 'warn', what: 'algorithms of stored data', finding, todo: 'npx yideng keys reseal' }]
}

/** Checks that every password and passkey is bound to its person (keys/row-seal.ts). */
async function authenticators({ database, seal, dataKeys: { sealedFrom }, clock }: Services): Promise<Finding> {
  const what = 'seals of authenticators'
  const { length: many } = await unsealedRows(database, seal, ['authenticators'])
  const from = sealedFrom()
  if (many === 0) return { state: 'ok', what, finding: 'every password and passkey is bound to its person' }
  if (from === undefined || clock() < from) {
    const finding = `${many} are not bound to their person yet`
    return { state: 'warn', what, finding, todo: 'start the server of this version: it seals them' }
  }
  const finding = `${many} have no valid seal, and cannot be used: the store was changed, or is a backup of an older version`
  const todo = 'after restoring such a backup: npx yideng keys seal; otherwise keep a copy of the store as evidence'
  return { state: 'fail', what, finding, todo }
}

/** The rows that a finding names. */
const mostNamed = 5

/** Checks that portals, administrators, mandates and links are as this program wrote them (keys/row-guard.ts). */
async function rights({ database, seal, dataKeys: { rowsSealedFrom }, clock }: Services): Promise<Finding> {
  const what = 'seals of portals, administrators, mandates, links'
  const found = await unsealedRows(database, seal, [...rightsTables, 'upstream_links'])
  const from = rowsSealedFrom()
  if (found.length === 0) return { state: 'ok', what, finding: 'every row is as this program wrote it' }
  if (from === undefined || clock() < from) {
    const finding = `${found.length} have no seal yet`
    return { state: 'warn', what, finding, todo: 'start the server of this version: it seals them' }
  }
  const some = found.slice(0, mostNamed).map(({ table, id }) => `${table} ${id}`)
  const named = [...some, ...(found.length > mostNamed ? ['…'] : [])].join(', ')
  const finding = `${found.length} have no valid seal, and cannot be used: ${named}: the store was changed, or is a backup of an older version`
  const todo = 'compare them with a backup. npx yideng keys seal accepts all of them as they are'
  return { state: 'fail', what, finding, todo }
}

function pairwise({ settings }: Services): Finding {
  const digest = hash('sha256', readFileSync(join(settings.keysDir, dataKeyFile))).slice(0, 16)
  const text = `permanent, in data.json: another key would change every sub at every portal. Compare your backup: its sha256sum begins with ${digest}`
  return { state: 'ok', what: 'pairwise key', finding: text }
}

async function cookies(services: Services): Promise<Finding[]> {
  const what = 'cookie keys'
  if (!existsSync(join(services.settings.keysDir, 'cookies.json'))) return []
  const keys = await cookieKeyStates({ settings: async () => services.settings, clock: services.clock })
  const retirable = keys.filter((one) => one.retirable).map(({ key }) => key.id)
  if (retirable.length > 0) {
    const text = `no longer needed: ${retirable.join(', ')}`
    return [{ state: 'warn', what, finding: text, todo: 'npx yideng keys retire --kind cookie' }]
  }
  const signing = keys.filter(({ state }) => state === 'signs')
  const waits = keys.some(({ state }) => state === 'waits')
  return signing.map(({ key }): Finding => {
    const since = key.usedFrom ?? changedAt(services, 'cookies.json')
    const text = `${key.id} since ${day(since)}${key.usedFrom === undefined ? ' or before' : ''}`
    if (waits || since >= services.clock() - oldMs) return { state: 'ok', what, finding: text }
    return { state: 'warn', what, finding: `${text}: more than a year`, todo: 'npx yideng keys rotate --kind cookie' }
  })
}
