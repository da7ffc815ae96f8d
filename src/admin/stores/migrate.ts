import { copying } from './copying.ts'
import type { Settings } from '../../config/settings.ts'
import { invalid, type Outcome } from '../outcome.ts'
import { pendingOf, transfer, transferArtifacts } from './store-transfer.ts'
import { command } from '../command.ts'

export default command({
  fields: {
    from: { type: 'text', placeholder: 'STORE', meaning: 'directory of embedded stores, or postgres:// address' },
    to: { type: 'text', placeholder: 'STORE', meaning: 'empty store to copy into: directory or postgres:// address' },
    check: {
      type: 'boolean',
      meaning: 'only list the migrations that the store needs; exit code 1 where it needs any',
    },
    'to-redis': { type: 'text', placeholder: 'URL', meaning: 'Redis to copy the sessions of an embedded store into' },
  },
  access: { local: 'it opens the files and databases of the store' },
  example: 'npx yideng migrate --from data --to postgres://yideng@db/yideng --to-redis redis://cache:6379',
  async run(context, { check, from, to, 'to-redis': redis }) {
    if (check) {
      if (from !== undefined || to !== undefined || redis !== undefined)
        return invalid({ field: 'check', message: 'copies nothing: leave --from, --to and --to-redis out' })
      return examine(await context.settings())
    }
    if (from === undefined && to === undefined && redis === undefined) {
      const { migrated: ran } = await context.services()
      const shown = ran.length > 0 ? ran.map((name) => `ran ${name}`) : ['The store was up to date.']
      return { ok: true, document: { ran }, shown }
    }
    if (from === undefined || to === undefined) {
      const field = from === undefined ? 'from' : 'to'
      return invalid({ field, message: 'is missing: both --from and --to are needed' })
    }
    return copying(async () => {
      let artifacts = 0
      const first = async () => {
        if (redis !== undefined) artifacts = await transferArtifacts(from, redis, context.clock)
      }
      return { copied: await transfer(from, to, { alone: true, first, progress: context.progress }), artifacts }
    })
  },
})

/** What the start of this version would do to the store, which stays unchanged. */
async function examine({ databaseUrl, dataDir }: Settings): Promise<Outcome> {
  const { pending, newer } = await pendingOf(databaseUrl || dataDir)
  const lines = pending.map((name) => `needs ${name}`)
  const notes = newer.map((name) => `has ${name}, of a newer version; this version runs beside it`)
  return {
    ok: true,
    document: { pending, newer },
    shown: lines.length > 0 ? lines : ['The store is up to date.'],
    notes,
    ...(pending.length > 0
      ? { fault: 'The store must be migrated: "npx yideng migrate", or a start of the server, does it.' }
      : {}),
  }
}
