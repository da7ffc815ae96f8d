import { command, failed, invalid, type Command, type Outcome } from '../command.ts'

const fileField = { type: 'text', positional: true, required: true, placeholder: 'FILE' } as const

interface Copied {
  copied?: Record<string, { rows: number; hash: string }> | undefined
  artifacts?: number
  /** Further parts of the answer. */
  more?: object
  notes?: string[]
}

/** Says what a copy holds, or why there is none. */
async function copying(copy: () => Promise<Copied>): Promise<Outcome> {
  const { CopyRefused } = await import('./store-transfer.ts')
  try {
    const { copied, artifacts, more = {}, notes = [] } = await copy()
    const rows = Object.entries(copied ?? {}).map(([table, content]) => [table, content.rows, content.hash])
    return {
      ok: true,
      document: { tables: copied ?? null, ...(artifacts === undefined ? {} : { artifacts }), ...more },
      shown: copied ? { columns: ['TABLE', 'ROWS', 'SHA-256 SUM'], rows } : ['The store was copied whole.'],
      notes: [...(artifacts ? [`${artifacts} sessions, codes and tokens went along.`] : []), ...notes],
    }
  } catch (error) {
    if (!(error instanceof CopyRefused)) throw error
    return failed(`Nothing was copied: ${error.message}.`)
  }
}

export const storeCommands: Command[] = [
  command({
    noun: 'migrate',
    summary: 'bring the store up to date (servers do so at their start), or move a stopped one with --from and --to',
    fields: {
      from: { type: 'text', placeholder: 'STORE', meaning: 'directory of embedded stores, or postgres:// address' },
      to: { type: 'text', placeholder: 'STORE', meaning: 'empty store to copy everything into, likewise' },
      'to-redis': { type: 'text', placeholder: 'URL', meaning: 'takes over the sessions of an embedded store' },
    },
    access: { local: 'it opens the stores themselves' },
    example: 'npx yideng migrate --from data --to postgres://yideng@db/yideng --to-redis redis://cache:6379',
    async run(context, { from, to, 'to-redis': redis }) {
      if (from === undefined && to === undefined && redis === undefined) {
        const { migrated: ran } = await context.services()
        const shown = ran.length > 0 ? ran.map((name) => `ran ${name}`) : ['The store was up to date.']
        return { ok: true, document: { ran }, shown }
      }
      if (from === undefined || to === undefined) {
        const problem = {
          field: from === undefined ? 'from' : 'to',
          message: 'is missing: both --from and --to are needed',
        }
        return invalid(problem)
      }
      const { transfer, transferArtifacts } = await import('./store-transfer.ts')
      return copying(async () => {
        let artifacts = 0
        const first = async () => {
          if (redis !== undefined) artifacts = await transferArtifacts(from, redis, context.clock)
        }
        return { copied: await transfer(from, to, { alone: true, first }), artifacts }
      })
    },
  }),
  command({
    noun: 'backup',
    summary: 'write the accounts into one new SQLite file, as they are at one moment, while servers run',
    fields: { file: { ...fileField, meaning: 'file to make; keys are not in it (docs/operations.md)' } },
    access: { local: 'it opens the stores themselves' },
    example: 'npx yideng backup /backup/yideng-2026-11-24.sqlite',
    async run(context, { file }) {
      const settings = await context.settings()
      const { backUp } = await import('./store-transfer.ts')
      return copying(async () => ({ copied: await backUp(settings.databaseUrl || settings.dataDir, file) }))
    },
  }),
  command({
    noun: 'restore',
    summary: 'fill an empty store from a backup, end all sign-ins, and keep ended what was ended since',
    fields: {
      file: { ...fileField, meaning: 'file that backup made; the server must not run, its data.json must be in place' },
      replaces: {
        type: 'text',
        placeholder: 'STORE',
        meaning:
          'the store it replaces, put aside: directory, file or postgres:// address; says what changed since the backup',
      },
      archive: { type: 'list', placeholder: 'FILE', meaning: 'archive of the audit trail, for the same' },
      'keep-administrators': {
        type: 'boolean',
        meaning:
          'administrators of the backup stay so, but for those revoked since; else there is none, and admin grant makes them anew',
      },
      'undo-locks': {
        type: 'boolean',
        meaning: 'accounts, organisations and portals locked, closed or suspended since the backup are open again',
      },
      'undo-endings': { type: 'boolean', meaning: 'mandates ended since the backup count again' },
    },
    access: { local: 'it opens the stores themselves' },
    example: 'npx yideng restore /backup/yideng-2026-11-24.sqlite --replaces /var/lib/yideng.broken',
    async run(context, input): Promise<Outcome> {
      const settings = await context.settings()
      const { restore } = await import('./restore.ts')
      const { chooser, countsOf, notesOf } = await import('./restore-words.ts')
      return copying(async () => {
        const restored = await restore({
          ...input,
          archives: input.archive ?? [],
          settings,
          clock: context.clock,
          actor: context.actor,
          choose: chooser(context, input),
        })
        const { copied, since: _since, ...rest } = restored
        return {
          copied,
          more: { ...rest, since: restored.since && countsOf(restored.since) },
          notes: notesOf(restored),
        }
      })
    },
  }),
  command({
    noun: 'doctor',
    summary: 'examine settings, keys, store and audit trail, and say what to do; it changes nothing',
    fields: {},
    access: { local: 'it looks at the files of the machine it runs on' },
    example: 'npx yideng doctor',
    async run(context) {
      const { examine } = await import('../doctor/doctor.ts')
      const findings = await examine(context)
      const failing = findings.filter(({ state }) => state === 'fail').length
      const shown = findings.flatMap(({ state, what, finding, todo }) => [
        `${state.padEnd(4)}  ${what}: ${finding}`,
        ...(todo ? [`      → ${todo}`] : []),
      ])
      const fault = failing > 0 ? `${failing === 1 ? 'One check' : `${failing} checks`} failed.` : undefined
      return { ok: true, document: { well: failing === 0, checks: findings }, shown, ...(fault ? { fault } : {}) }
    },
  }),
]
