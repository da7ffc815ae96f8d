import { fileField } from './copying.ts'
import { copying } from './copying.ts'
import { type Outcome } from '../outcome.ts'
import { restore } from './restore-store.ts'
import { chooser, changesDocument, notesOf } from './restore-words.ts'
import { command } from '../command.ts'

export default command({
  fields: {
    file: {
      ...fileField,
      meaning: 'file of the command backup; the server must not run, and its data.json must be in place',
    },
    replaces: {
      type: 'text',
      placeholder: 'STORE',
      meaning: 'the old store, moved away: directory, file or postgres:// address; shows the changes since the backup',
    },
    archive: { type: 'list', placeholder: 'FILE', meaning: 'archive of the audit log, for the same purpose' },
    'keep-administrators': {
      type: 'boolean',
      meaning:
        'keep the administrators of the backup, without those revoked since; default: none, and admin grant makes new ones',
    },
    'undo-locks': {
      type: 'boolean',
      meaning: 'open accounts, organisations and portals again that were locked, closed or suspended since the backup',
    },
    'undo-endings': { type: 'boolean', meaning: 'make mandates valid again that ended since the backup' },
  },
  access: { local: 'it opens the files and databases of the store' },
  example: 'npx yideng restore /backup/yideng-2026-11-24.sqlite --replaces /var/lib/yideng.broken',
  async run(context, input): Promise<Outcome> {
    const settings = await context.settings()
    return copying(async () => {
      const restored = await restore({
        ...input,
        archives: input.archive ?? [],
        settings,
        clock: context.clock,
        actor: context.actor,
        progress: context.progress,
        choose: chooser(context, input),
      })
      const { copied, since: _since, ...rest } = restored
      return {
        copied,
        more: { ...rest, since: restored.since && changesDocument(restored.since) },
        notes: notesOf(restored),
      }
    })
  },
})
