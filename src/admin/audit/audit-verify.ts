import { keysField, notKeys, verifierOf } from './audit-fields.ts'
import { invalid, iso, type Outcome } from '../outcome.ts'
import { verifyArchiveFile, verifyStore } from './verify-files.ts'
import { command } from '../command.ts'

export default command({
  fields: {
    store: {
      type: 'text',
      placeholder: 'FILE',
      meaning: 'a copy of yideng.sqlite to check instead of the store; needs no data keys',
    },
    archive: {
      type: 'text',
      placeholder: 'FILE',
      meaning: 'or an archived month; with --store, also check that the file was archived from that store',
    },
    checkpoint: {
      type: 'text',
      placeholder: 'FILE',
      meaning: 'your own copy of checkpoints, one a line; default: the file next to the store',
    },
    keys: keysField,
  },
  access: { local: 'it reads the files of the store' },
  example: 'npx yideng audit verify --store /evidence/yideng.sqlite --keys jwks.json',
  async run(context, { store, archive, checkpoint, keys }): Promise<Outcome> {
    const verify = await verifierOf(context, keys)
    if (!verify) return invalid(notKeys)
    const check =
      archive === undefined
        ? await verifyStore(context, verify, { store, checkpoint })
        : await verifyArchiveFile(verify, archive, store)
    if ('problem' in check) return invalid(check.problem)
    if (check.whole) {
      const { entries, checkpoints, unsigned, restored } = check
      const signed = `${checkpoints} checkpoint${checkpoints === 1 ? '' : 's'}`
      return {
        ok: true,
        document: check,
        shown: [
          `Whole: ${entries} entries, ${signed}, ${unsigned} entries not signed yet.`,
          ...(restored ?? []).map(
            ({ at, backupAt, checkpoints: many }) =>
              `Restored ${iso(at)} from a backup of ${iso(backupAt)}: entries that came between are gone (${many} checkpoints outside the store name them).`,
          ),
        ],
      }
    }
    const fault = `Broken (${check.kind}) at entry ${check.sequence}: ${check.fault}. Keep a copy of the store as evidence.`
    return { ok: true, document: check, shown: [], fault }
  },
})
