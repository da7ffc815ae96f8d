import { join } from 'node:path'
import { ImportRefused } from '../../accounts/imports/batches.ts'
import { importFile, type ImportReport } from '../../accounts/imports/import-file.ts'
import type { ImportRow } from '../../accounts/imports/import-row.ts'
import { importClasses, type ImportClass, type Verdict } from '../../accounts/imports/results.ts'
import { undoImport } from '../../accounts/imports/undo-import.ts'
import { maskDocumentNumber, maskName, maskPhone } from '../../accounts/identifiers/masking.ts'
import { upstreamId } from '../../config/upstream-id.ts'
import { command } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import { invalid, type Outcome } from '../outcome.ts'

const batchId = /^[a-z0-9][a-z0-9-]{0,63}$/
const samplesShown = 3

/** A few rows of each class: line, and masked personal data or the problem. */
type Samples = Partial<Record<ImportClass, string[]>>

function addSample(samples: Samples, row: ImportRow | undefined, { line, outcome, problem, marks }: Verdict): void {
  const person = row ? [maskName(row.name), maskDocumentNumber(row.document.number), maskPhone(row.phone)] : []
  for (const one of [outcome, ...marks]) {
    const shown = (samples[one] ??= [])
    if (shown.length < samplesShown) shown.push([`${line}:`, ...person, problem ?? ''].join(' ').trim())
  }
}

const documentOf = ({ batch, results }: ImportReport) => ({
  batch,
  ...Object.fromEntries(importClasses.map((one) => [one, results.counts[one] ?? 0])),
})

async function importing(
  context: CommandContext,
  input: { file: string; upstream: string; batch: string | undefined; 'dry-run': boolean },
): Promise<Outcome> {
  const services = await context.services()
  const { cipher, lookup } = services.dataKeys
  const directory = join(services.settings.dataDir, 'imports')
  const { 'dry-run': dryRun } = input
  const samples: Samples = {}
  const report = await importFile(
    { ...services, cipher, lookup },
    {
      ...input,
      dryRun,
      directory,
      actor: context.actor,
      progress: context.progress,
      preview: (row, decided) => addSample(samples, row, decided),
    },
  )
  const { batch, results } = report
  const files = `The lines of each class are in ${join(directory, batch)}.`
  return {
    ok: true,
    document: { ...documentOf(report), ...(dryRun ? { samples } : {}) },
    shown: {
      columns: ['CLASS', 'ROWS', ...(dryRun ? ['EXAMPLES'] : [])],
      rows: importClasses.map((one) => [
        one,
        results.counts[one] ?? 0,
        ...(dryRun ? [(samples[one] ?? []).join('; ')] : []),
      ]),
    },
    notes: [
      `Batch: ${batch}`,
      ...(dryRun ? ['Nothing was imported: this was a dry run.'] : [files]),
      ...(report.before ? ['This file was imported before; nothing was done.'] : []),
    ],
  }
}

async function undoing(context: CommandContext, batch: string): Promise<Outcome> {
  const { database, audit, endSignIns, persons, clock } = await context.services()
  const { publishChanged } = persons
  const how = { actor: context.actor, progress: context.progress }
  const undone = await undoImport({ database, audit, endSignIns, publishChanged, clock }, batch, how)
  if (!undone) return { ok: false, kind: 'not_found', problems: [{ message: 'There is no such batch.' }] }
  const { removed, unlinked, kept } = undone
  const notes = [
    `Removed accounts: ${removed}.`,
    `Removed links to older accounts: ${unlinked}.`,
    ...(kept > 0 ? [`Accounts that stay, because their persons have used them: ${kept}.`] : []),
  ]
  return { ok: true, document: { batch, ...undone }, shown: [], notes }
}

export default command({
  fields: {
    file: {
      type: 'text',
      positional: true,
      required: true,
      placeholder: 'FILE.jsonl',
      meaning: 'the accounts, one JSON document a line (docs/import.md); or undo, to take an import back',
    },
    undone: {
      type: 'text',
      positional: true,
      placeholder: 'BATCH',
      meaning: 'after undo: the import to take back, within 30 days',
    },
    upstream: { type: 'text', placeholder: 'ID', meaning: 'the system that the accounts come from' },
    'dry-run': { type: 'boolean', meaning: 'import nothing; show the counts and masked examples of each class' },
    batch: {
      type: 'text',
      placeholder: 'BATCH',
      meaning: 'name of this import; without it the file decides, and the same command goes on after an interruption',
    },
  },
  access: { local: 'it reads a file that is too long for a request' },
  example: 'npx yideng person import foshan.jsonl --upstream foshan --dry-run',
  async run(context, input): Promise<Outcome> {
    try {
      if (input.file === 'undo') {
        if (input.undone === undefined) return invalid({ field: 'undone', message: 'is missing' })
        return await undoing(context, input.undone)
      }
      const { file, upstream, batch, undone } = input
      if (undone !== undefined) return invalid({ field: 'undone', message: 'belongs to undo' })
      if (upstream === undefined) return invalid({ field: 'upstream', message: 'is missing' })
      if (!upstreamId.test(upstream))
        return invalid({ field: 'upstream', message: 'must be 1 to 32 lower-case letters, digits or hyphens' })
      if (batch !== undefined && !batchId.test(batch))
        return invalid({ field: 'batch', message: 'must be 1 to 64 lower-case letters, digits or hyphens' })
      return await importing(context, { file, upstream, batch, 'dry-run': input['dry-run'] })
    } catch (error) {
      const { syscall, code } = error as NodeJS.ErrnoException
      if (error instanceof ImportRefused) return invalid({ field: 'batch', message: error.message })
      if (['open', 'read', 'stat'].includes(syscall ?? ''))
        return invalid({ field: 'file', message: `${JSON.stringify(input.file)} cannot be read: ${code}` })
      throw error
    }
  },
})
