import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sm2KeyFile } from '../../keys/guomi/sm2-keys.ts'
import type { Settings } from '../../config/settings.ts'
import { artifactsFile, databaseFile } from '../../storage/stores.ts'
import type { Finding } from './finding.ts'

const missing = (what: string, file: string, todo: string): Finding => ({
  state: 'warn',
  what,
  finding: `${file} does not exist yet`,
  todo,
})

/** Checks that only the user of Yideng can read a path: another reader could sign in as any person. */
function isPrivate(what: string, path: string): Finding {
  const stat = statSync(path)
  const { mode, uid } = stat
  const wanted = stat.isDirectory() ? '700' : '600'
  const permission = (mode & 0o777).toString(8)
  const ownUid = process.getuid?.() ?? uid
  if ((mode & 0o077) !== 0) {
    return {
      state: 'fail',
      what,
      finding: `other users can open ${path} (mode ${permission})`,
      todo: `chmod ${wanted} ${path}`,
    }
  }
  if (uid !== ownUid && ownUid !== 0) {
    const todo = 'run Yideng and this command as the owner of its keys and its store'
    return { state: 'fail', what, finding: `${path} belongs to another user (uid ${uid})`, todo }
  }
  return { state: 'ok', what, finding: `${path} (mode ${permission})` }
}

export function keyFiles(settings: Settings): Finding[] {
  const { keysDir } = settings
  if (!existsSync(keysDir)) return [missing('keys', keysDir, 'the first start of the server makes it')]
  // only servers with software keys of SM2 have it
  const sm2 = existsSync(join(settings.keysDir, sm2KeyFile)) ? [sm2KeyFile] : []
  const files = ['data.json', 'signing.json', 'cookies.json', ...sm2].map((name) => {
    const file = join(keysDir, name)
    if (existsSync(file)) return isPrivate('keys', file)
    if (name === 'data.json' && existsSync(databaseFile(settings))) {
      const todo = 'restore it from your backup before anything else: the accounts cannot be read without it'
      return { state: 'fail', what: 'keys', finding: `${file} does not exist, but the store does`, todo } as const
    }
    return missing('keys', file, 'the first start of the server makes it')
  })
  return [isPrivate('keys', keysDir), ...files]
}

/** Nothing to examine is a fault: the settings are probably not those of the service. */
export const noStore = (finding: string): Finding => ({
  state: 'fail',
  what: 'store',
  finding,
  todo: 'start the server once, or name the settings of the service: --environment FILE',
})

/** Checks the SQLite file of the durable store. It opens the file read-only. */
export function storeFile(settings: Settings): Finding[] {
  const file = databaseFile(settings)
  if (!existsSync(file)) return [noStore(`${file} does not exist`)]
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
      todo: `stop the server, move ${file}* and artifacts.sqlite* away, then: npx yideng restore BACKUP --replaces STORE (docs/operations.md, Backup and restore)`,
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

export function artifactFile(settings: Settings): Finding {
  const file = artifactsFile(settings)
  return existsSync(file)
    ? isPrivate('artifacts', file)
    : missing('artifacts', file, 'the first start of the server makes it')
}
