import { statSync } from 'node:fs'
import { fileField } from './copying.ts'
import { copying } from './copying.ts'
import { backUp, noteBackupOf } from './store-transfer.ts'
import { command } from '../command.ts'

/** What a backup holds, and what it does not. */
const holds = (file: string) =>
  `Done: ${file} (${(statSync(file).size / 1e6).toFixed(1)} MB) holds accounts, portals, the audit log and the public halves of its signing keys, but no key file: back up keys/data.json apart from it.`

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
      const notes = noted ? [] : ['The store takes no writes, so its age of the last backup is not new.']
      return { copied, notes: [...notes, holds(file)] }
    })
  },
})
