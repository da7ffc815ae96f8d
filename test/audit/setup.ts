import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { createCheckpoints } from '../../src/audit/checkpoints.ts'
import type { AuditEvent } from '../../src/audit/audit-events.ts'
import { documentKeySet } from '../../src/keys/document-signatures.ts'
import { commandLine, type Options } from '../cli/in-process.ts'
import { handClock } from '../setup/temporary.ts'

/** Signs a checkpoint, as a server does once a minute. */
export const signAuditLog = ({ withServices }: Pick<ReturnType<typeof commandLine>, 'withServices'>) =>
  withServices(({ database, settings, clock }) => createCheckpoints({ database, settings, clock }).make())

/** A store with an audit log, and its command line. */
export function auditedStore(start?: number, options: Omit<Options, 'clock'> = {}) {
  const { clock, forward } = handClock(start)
  const line = commandLine({ clock, ...options })
  const dataDir = join(line.directory, 'data')
  const keysDir = join(line.directory, 'keys')

  const record = (many: number, event: Partial<AuditEvent> = {}) =>
    line.withServices(async ({ audit }) => {
      for (let index = 0; index < many; index += 1) {
        const restricted = { address: `203.0.113.${index}` }
        await audit.record({ event: 'login.succeeded', actor: 'person', personId: 'p1', restricted, ...event })
      }
    })
  const checkpoint = () => signAuditLog(line)

  /** Writes the public keys to a file, as for an auditor. */
  function publicKeys(): string {
    const file = join(line.directory, 'jwks.json')
    writeFileSync(file, JSON.stringify(documentKeySet({ keysDir, svsFile: '' }, clock)))
    return file
  }

  /** A copy of the store, changed by these statements. */
  function copyOf(...statements: string[]): string {
    const copy = join(line.directory, `copy-${String(Math.floor(performance.now() * 1000))}`)
    mkdirSync(copy)
    cpSync(dataDir, copy, { recursive: true })
    const file = join(copy, 'yideng.sqlite')
    const sqlite = new DatabaseSync(file)
    for (const statement of statements) sqlite.exec(statement)
    sqlite.close()
    return file
  }

  /** Archives the months before `before` into a new directory. */
  async function archive(before: string) {
    const directory = join(line.directory, 'archive')
    mkdirSync(directory)
    const flags = ['--to', directory, '--before', before]
    const moved = await line.json<{ month: string; entries: number; file: string }[]>('audit', 'archive', ...flags)
    return { directory, moved }
  }

  return { ...line, clock, dataDir, keysDir, forward, record, checkpoint, publicKeys, copyOf, archive }
}
