import { fileField } from './copying.ts'
import { copying } from './copying.ts'
import { backUp, noteBackupOf } from './store-transfer.ts'
import { command } from '../command.ts'

export default command({
  fields: { file: { ...fileField, meaning: 'the new file; keys are not in it (docs/operations.md)' } },
  access: { local: 'it opens the files and databases of the store' },
  example: 'npx yideng backup /backup/yideng-2026-11-24.sqlite',
  async run(context, { file }) {
    const settings = await context.settings()
    const store = settings.databaseUrl || settings.dataDir
    return copying(async () => {
      const copied = await backUp(store, file, context.progress)
      const noted = await noteBackupOf(store, context.clock()).then(
        () => true,
        () => false, // the backup is whole: a store that takes no writes is often why it was made
      )
      return { copied, notes: noted ? [] : ['The store takes no writes, so its age of the last backup is not new.'] }
    })
  },
})
