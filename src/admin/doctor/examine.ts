import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openBreachedPasswords } from '../../accounts/passwords/breached.ts'
import { SettingsError, type Settings } from '../../config/settings.ts'
import { readResources } from '../../oidc/resources.ts'
import { artifactsFile, databaseFile } from '../../storage/stores.ts'
import type { CommandContext } from '../command-context.ts'
import { oneAddress } from './addresses.ts'
import { auditAge, auditMonths, auditLog } from './audit.ts'
import { dataKeys } from './data-keys.ts'
import { disk } from './disk.ts'
import { answering, passkeysOfIssuer } from './issuer.ts'
import { signingKeyAge, unusableKeys } from './keys.ts'
import { portalsAndNames } from './portals.ts'
import { certificate } from './tls.ts'
import { setClock, type Finding } from './finding.ts'
import { postgresServer, redisOwner, redisServer } from './servers.ts'
import type { Services } from '../../services.ts'

const neededNode = 24
/** Notices are given up after about an hour; older ones mean that no server runs. */
const overdueMs = 2 * 3_600_000

/** Looks at everything a running Yideng needs; changes nothing, and goes on as far as it can after a fault. */
export async function examine(context: CommandContext): Promise<Finding[]> {
  const settings = await context.settings().catch((error: unknown) => {
    if (error instanceof SettingsError) return error
    throw error
  })
  if (settings instanceof SettingsError) {
    const todo = 'mend it (docs/settings.md), then run doctor again: the rest was not examined'
    return [node(), { state: 'fail', what: 'settings', finding: settings.message, todo }]
  }
  const keys = keyFiles(settings)
  const store = settings.databaseUrl ? await postgresServer(settings, context.clock()) : storeFile(settings)
  const breached = await breachedPasswords(settings)
  const before = [
    node(),
    { state: 'ok', what: 'settings', finding: 'all can be used' } as const,
    issuer(settings),
    ...(await certificate(settings, context.clock())),
    ...proxy(settings),
    resources(settings),
    ...disk(settings),
    ...breached,
  ]
  const after = settings.redisUrls ? await redisServer(settings) : artifactFile(settings)
  // opening would make what is missing and run migrations, and doctor changes nothing
  const unusable = await unusableKeys(context)
  const openable =
    unusable.length === 0 &&
    [...breached, ...store].every(({ state }) => state === 'ok') &&
    ['data.json', 'signing.json'].every((name) => existsSync(join(settings.keysDir, name)))
  return [...before, ...keys, ...unusable, ...store, ...(openable ? await opened(context) : []), after]
}

function node(): Finding {
  const { node: version } = process.versions
  if (Number(version.split('.')[0]) >= neededNode) return { state: 'ok', what: 'Node.js', finding: version }
  const todo = `install Node.js ${neededNode} or newer`
  return { state: 'fail', what: 'Node.js', finding: `${version} is too old`, todo }
}

function issuer({ issuer: address }: Settings): Finding {
  const { protocol, hostname } = new URL(address)
  if (protocol === 'https:') return { state: 'ok', what: 'issuer', finding: address }
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  if (loopback) return { state: 'ok', what: 'issuer', finding: `${address} (this machine only)` }
  const todo = 'set YIDENG_ISSUER to an https:// address'
  return { state: 'fail', what: 'issuer', finding: `${address} is not encrypted`, todo }
}

/** Behind a proxy everybody has the proxy's address, unless it is told to be believed. */
function proxy({ issuer: address, host, trustProxy, production }: Settings): Finding[] {
  const behind = address.startsWith('https:') && ['127.0.0.1', '::1', 'localhost'].includes(host)
  if (!production || !behind || trustProxy) return []
  const finding = 'everybody seems to come from the address of the proxy, so a few wrong tries lock everybody out'
  return [
    {
      state: 'fail',
      what: 'proxy',
      finding,
      todo: 'set YIDENG_TRUST_PROXY=true, if the proxy sets X-Forwarded-For itself',
    },
  ]
}

function resources({ resourcesFile }: Settings): Finding {
  const what = 'resources'
  try {
    readResources(resourcesFile)
    return { state: 'ok', what, finding: resourcesFile }
  } catch (error) {
    const finding = `${resourcesFile} cannot be used: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`
    return { state: 'fail', what, finding, todo: 'mend it: the server does not start with it (docs/portals.md)' }
  }
}

async function breachedPasswords({ breachedPasswordsFile: file }: Settings): Promise<Finding[]> {
  const what = 'breached passwords'
  if (file === '') return []
  try {
    await (await openBreachedPasswords(file)).close()
    return [{ state: 'ok', what, finding: file }]
  } catch (error) {
    const finding = `${file} cannot be used: ${error instanceof Error ? error.message : String(error)}`
    const todo = 'mend YIDENG_BREACHED_PASSWORDS or unset it: the server does not start with it (docs/operations.md)'
    return [{ state: 'fail', what, finding, todo }]
  }
}

const missing = (what: string, file: string, todo: string): Finding => ({
  state: 'warn',
  what,
  finding: `${file} is not there yet`,
  todo,
})

/** Private to the user it runs as: anybody else who can read keys or store can sign in as anyone. */
function isPrivate(what: string, path: string): Finding {
  const stat = statSync(path)
  const { mode, uid } = stat
  const wanted = stat.isDirectory() ? '700' : '600'
  const permission = (mode & 0o777).toString(8)
  const me = process.getuid?.() ?? uid
  if ((mode & 0o077) !== 0) {
    return {
      state: 'fail',
      what,
      finding: `others may open ${path} (mode ${permission})`,
      todo: `chmod ${wanted} ${path}`,
    }
  }
  if (uid !== me && me !== 0) {
    const todo = 'run Yideng and this command as the user who owns its keys and its store'
    return { state: 'fail', what, finding: `${path} belongs to another user (uid ${uid})`, todo }
  }
  return { state: 'ok', what, finding: `${path} (mode ${permission})` }
}

function keyFiles(settings: Settings): Finding[] {
  const { keysDir } = settings
  if (!existsSync(keysDir)) return [missing('keys', keysDir, 'the first start makes it')]
  const files = ['data.json', 'signing.json', 'cookies.json'].map((name) => {
    const file = join(keysDir, name)
    if (existsSync(file)) return isPrivate('keys', file)
    if (name === 'data.json' && existsSync(databaseFile(settings))) {
      const todo = 'restore it from your backup before anything else: the accounts cannot be read without it'
      return { state: 'fail', what: 'keys', finding: `${file} is not there, but the store is`, todo } as const
    }
    return missing('keys', file, 'the first start makes it')
  })
  return [isPrivate('keys', keysDir), ...files]
}

/** The durable store as a file, read only. */
function storeFile(settings: Settings): Finding[] {
  const file = databaseFile(settings)
  if (!existsSync(file)) return [missing('store', file, 'the first start makes it')]
  const findings = [isPrivate('store', file)]
  try {
    const sqlite = new DatabaseSync(file, { readOnly: true, timeout: 5000 })
    try {
      const faults = sqlite
        .prepare('PRAGMA integrity_check')
        .all()
        .map((row) => String(row['integrity_check']))
      const whole = faults.length === 1 && faults[0] === 'ok'
      if (!whole) throw new Error(faults.slice(0, 3).join('; '))
      findings.push({ state: 'ok', what: 'store', finding: 'its file is whole' }, migrations(sqlite))
    } finally {
      sqlite.close()
    }
  } catch (error) {
    const finding = `${file} is damaged or cannot be opened: ${error instanceof Error ? error.message : String(error)}`
    findings.push({
      state: 'fail',
      what: 'store',
      finding,
      todo: `stop the server, put ${file}* and artifacts.sqlite* aside, then: npx yideng restore BACKUP --replaces STORE (docs/operations.md, Backup and restore)`,
    })
  }
  return findings
}

function migrations(sqlite: DatabaseSync): Finding {
  const known = readdirSync(new URL('../../storage/migrations/', import.meta.url)).map((name) =>
    name.replace(/\.ts$/, ''),
  )
  const run = new Set(
    sqlite
      .prepare('SELECT name FROM kysely_migration')
      .all()
      .map((row) => row['name']),
  )
  const pending = known.filter((name) => !run.has(name))
  if (pending.length === 0) return { state: 'ok', what: 'store', finding: 'up to date' }
  return { state: 'warn', what: 'store', finding: `${pending.join(', ')} did not run yet`, todo: 'npx yideng migrate' }
}

function artifactFile(settings: Settings): Finding {
  const file = artifactsFile(settings)
  return existsSync(file) ? isPrivate('artifacts', file) : missing('artifacts', file, 'the first start makes it')
}

/** What only the opened house can tell. */
async function opened(context: CommandContext): Promise<Finding[]> {
  let services: Services
  try {
    services = await context.services()
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    return [
      { state: 'fail', what: 'data keys', finding: error.message, todo: 'restore the keys that belong to this store' },
    ]
  }
  return [
    ...(await dataKeys(services)),
    await signingKeyAge(context),
    ...(await answering(context)),
    ...(await redisOwner(services)),
    ...(await passkeysOfIssuer(services)),
    ...(await oneAddress(services)),
    ...(await portalsAndNames(services)),
    await auditLog(services),
    ...(await auditAge(services)),
    ...(await auditMonths(services)),
    await clockAndAuditLog(services),
    await logoutNotices(services),
  ]
}

async function clockAndAuditLog({ database, clock }: Services): Promise<Finding> {
  const { newest } = await database
    .selectFrom('audit_events')
    .select(({ fn }) => fn.max('at').as('newest'))
    .executeTakeFirstOrThrow()
  const now = clock()
  const shown = new Date(now).toISOString()
  if (!newest || newest <= now) return { state: 'ok', what: 'clock', finding: shown }
  const finding = `${shown} is before the newest audit entry (${new Date(newest).toISOString()})`
  return { state: 'fail', what: 'clock', finding, todo: setClock }
}

async function logoutNotices({ database, clock }: Services): Promise<Finding> {
  const rows = await database
    .selectFrom('logout_deliveries')
    .select((select) => [
      'state',
      'client_id',
      select.fn.countAll<number>().as('many'),
      select.fn.min('created_at').as('oldest'),
    ])
    .where('state', '!=', 'delivered')
    .groupBy(['state', 'client_id'])
    .execute()
  const many = (state: string) => rows.filter((row) => row.state === state).reduce((sum, row) => sum + row.many, 0)
  const finding = `${many('pending')} to be delivered, ${many('abandoned')} given up`
  const what = 'logout notices'
  const portals = [...new Set(rows.filter((row) => row.state === 'abandoned').map((row) => row.client_id))]
  if (portals.length > 0) {
    return { state: 'warn', what, finding, todo: `check backchannel-logout-uri of ${portals.slice(0, 5).join(', ')}` }
  }
  const overdue = rows.some((row) => row.state === 'pending' && row.oldest < clock() - overdueMs)
  return overdue
    ? { state: 'warn', what, finding, todo: 'start the server: it delivers them' }
    : { state: 'ok', what, finding }
}
