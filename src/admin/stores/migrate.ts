import { copying } from './copying.ts'
import { invalid } from '../outcome.ts'
import { transfer, transferArtifacts } from './store-transfer.ts'
import { command } from '../command.ts'

export default command({
  fields: {
    from: { type: 'text', placeholder: 'STORE', meaning: 'directory of embedded stores, or postgres:// address' },
    to: { type: 'text', placeholder: 'STORE', meaning: 'empty store to copy into: directory or postgres:// address' },
    'to-redis': { type: 'text', placeholder: 'URL', meaning: 'Redis to copy the sessions of an embedded store into' },
  },
  access: { local: 'it opens the files and databases of the store' },
  example: 'npx yideng migrate --from data --to postgres://yideng@db/yideng --to-redis redis://cache:6379',
  async run(context, { from, to, 'to-redis': redis }) {
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
      return { copied: await transfer(from, to, { alone: true, first }), artifacts }
    })
  },
})
