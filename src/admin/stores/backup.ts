import { fileField } from './copying.ts'
import { copying } from './copying.ts'
import { backUp } from './store-transfer.ts'
import { command } from '../command.ts'

export default command({
  fields: { file: { ...fileField, meaning: 'the new file; keys are not in it (docs/operations.md)' } },
  access: { local: 'it opens the files and databases of the store' },
  example: 'npx yideng backup /backup/yideng-2026-11-24.sqlite',
  async run(context, { file }) {
    const settings = await context.settings()
    return copying(async () => ({
      copied: await backUp(settings.databaseUrl || settings.dataDir, file, context.progress),
    }))
  },
})
