import { hash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { indexedUnder } from '../../accounts/reindex.ts'
import { countUnsealed } from '../../accounts/seal-authenticators.ts'
import { dataKeyFile } from '../../keys/data-keys.ts'
import { readKeysInStore } from '../../keys/keys-in-store.ts'
import { keyNumber } from '../../keys/lookup-index.ts'
import { sealedUnder } from '../../keys/sealed-columns.ts'
import type { Services } from '../../services.ts'
import { cookieKeyStates } from '../keys/cookie-keys.ts'
import { madeElsewhere } from '../keys/new-key.ts'
import type { Finding } from './finding.ts'
import { oldMs } from './keys.ts'

const day = (time: number) => new Date(time).toISOString().slice(0, 10)

/** The keys of data.json and cookies.json: whether they are those the store is kept under, whole, and how old. */
export async function dataKeys(services: Services): Promise<Finding[]> {
  const behind = (await notOfTheStore(services)) ?? (await olderThanTheStore(services))
  return [
    ...(behind ?? [await sealing(services), await lookingUp(services), await authenticators(services)]),
    pairwise(services),
    ...(await cookies(services)),
  ]
}

const changedAt = ({ settings }: Services, file: string) => statSync(join(settings.keysDir, file)).mtimeMs

/** Files of before this was kept do not say: as old as the file at least. */
function age(services: Services, id: string) {
  const from = services.dataKeys.usedFrom(id)
  const since = from ?? changedAt(services, dataKeyFile)
  return {
    old: since < services.clock() - oldMs,
    said: `${id} since ${day(since)}${from === undefined ? ' or before' : ''}`,
  }
}

/** Made on two machines: the store says which of them is meant. */
async function notOfTheStore({ database, dataKeys: keys }: Services): Promise<Finding[] | undefined> {
  const what = 'data keys'
  const stored = await readKeysInStore(database)
  const another = Object.entries(stored.fingerprints)
    .filter(([id, fingerprint]) => (keys.fingerprint(id) ?? fingerprint) !== fingerprint)
    .map(([id]) => id)
  if (another.length > 0) {
    const text = `data.json of this machine holds another ${another.join(', ')} than the store: made on two machines`
    return [{ state: 'fail', what, finding: text, todo: 'carry data.json from the machine that made it first' }]
  }
  const elsewhere = madeElsewhere(keys, stored)
  if (elsewhere.length === 0) return undefined
  const text = `${elsewhere.join(', ')} was made on another machine and is not here yet`
  const todo = 'carry data.json from there, before it is used: here people would not be found, or not readable'
  return [{ state: 'warn', what, finding: text, todo }]
}

async function olderThanTheStore(services: Services): Promise<Finding[] | undefined> {
  const stored = await readKeysInStore(services.database)
  const known = services.dataKeys.lookup.known()
  const lacks = stored.index.filter((id) => !known.includes(id))
  const restored = lacks.length > 0 && lacks.every((id) => keyNumber(id) < keyNumber(known[0] ?? id))
  if (restored) {
    const text = `accounts stand under ${lacks.join(', ')}, which data.json has no more: the store is an older one`
    const todo = 'npx yideng keys rotate --kind index'
    return [{ state: 'fail', what: 'index keys', finding: text, todo }]
  }
  const newer = keyNumber(stored.data) > keyNumber(services.dataKeys.ids().current) ? [stored.data, ...lacks] : lacks
  if (newer.length === 0) return undefined
  const text = `data.json of this machine is older than the store, which uses ${newer.join(', ')}`
  const todo =
    'carry data.json from the machine where a key was rotated last: here people are not found, or not readable'
  return [{ state: 'fail', what: 'data keys', finding: text, todo }]
}

async function sealing(services: Services): Promise<Finding> {
  const what = 'data keys'
  const { current, old } = services.dataKeys.ids()
  const { said, old: tooOld } = age(services, current)
  const sealed = old.length > 0 ? await sealedUnder(services.database, old) : []
  const inAuditLog = sealed.filter(({ column }) => column === 'audit_events.restricted')
  const left = sealed.filter((one) => !inAuditLog.includes(one))
  if (left.length > 0) {
    const places = left.map(({ column, many }) => `${many} in ${column}`).join(', ')
    const text = `half rotated: under ${old.join(', ')} there are still ${places}`
    return { state: 'warn', what, finding: text, todo: 'npx yideng keys rotate --kind data' }
  }
  if (tooOld)
    return { state: 'warn', what, finding: `${said}: more than a year`, todo: 'npx yideng keys rotate --kind data' }
  if (old.length === 0) return { state: 'ok', what, finding: said }
  const why =
    inAuditLog.length > 0 ? 'opens old entries of the audit trail' : 'may go: npx yideng keys retire --kind data'
  return { state: 'ok', what, finding: `${said}; ${old.join(', ')} ${why}` }
}

async function lookingUp(services: Services): Promise<Finding> {
  const what = 'index keys'
  const { lookup } = services.dataKeys
  const [key, ...leaving] = (await readKeysInStore(services.database)).index
  if (leaving.length > 0) {
    const counts = await Promise.all(leaving.map((id) => indexedUnder(services.database, id)))
    const many = counts.reduce((sum, count) => sum + count, 0)
    const text = `half rotated: ${many} accounts stand under ${leaving.join(', ')} still`
    return { state: 'warn', what, finding: text, todo: 'npx yideng keys rotate --kind index' }
  }
  const { said, old } = age(services, key)
  if (old)
    return { state: 'warn', what, finding: `${said}: more than a year`, todo: 'npx yideng keys rotate --kind index' }
  const unused = lookup.known().filter((id) => keyNumber(id) < keyNumber(key))
  if (unused.length === 0) return { state: 'ok', what, finding: said }
  const text = `${said}; ${unused.join(', ')} no more needed`
  return {
    state: 'warn',
    what,
    finding: text,
    todo: 'when every machine has this data.json: npx yideng keys retire --kind index',
  }
}

/** Whether every password and passkey is bound to its person (keys/row-seal.ts). */
async function authenticators({ database, seal, dataKeys: { sealedFrom }, clock }: Services): Promise<Finding> {
  const what = 'seals of authenticators'
  const many = await countUnsealed(database, seal)
  const from = sealedFrom()
  if (many === 0) return { state: 'ok', what, finding: 'every password and passkey is bound to its person' }
  if (from === undefined || clock() < from) {
    const finding = `${many} are not bound to their person yet`
    return { state: 'warn', what, finding, todo: 'start the server of this version: it seals them' }
  }
  const finding = `${many} have no seal that holds, and sign nobody in: the store was changed, or is a backup of an older version`
  const todo = 'after restoring such a backup: npx yideng keys seal; else keep a copy of the store as evidence'
  return { state: 'fail', what, finding, todo }
}

function pairwise({ settings }: Services): Finding {
  const digest = hash('sha256', readFileSync(join(settings.keysDir, dataKeyFile))).slice(0, 16)
  const text = `kept for ever in data.json: another one would make everybody a stranger (sub) to every portal. Is your backup of it the same? sha256sum begins with ${digest}`
  return { state: 'ok', what: 'pairwise key', finding: text }
}

async function cookies(services: Services): Promise<Finding[]> {
  const what = 'cookie keys'
  if (!existsSync(join(services.settings.keysDir, 'cookies.json'))) return []
  const keys = await cookieKeyStates({ settings: async () => services.settings, clock: services.clock })
  const retirable = keys.filter((one) => one.retirable).map(({ key }) => key.id)
  if (retirable.length > 0) {
    const text = `no more needed: ${retirable.join(', ')}`
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
