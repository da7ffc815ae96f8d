import { createWriteStream, existsSync } from 'node:fs'
import { makeOwnedFile } from '../../storage/ownership.ts'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Entry } from '../../audit/chain.ts'
import { entriesInOrder, type EntryFilter } from '../../audit/reading.ts'
import { securityEventToken } from '../../audit/security-event-tokens.ts'
import { createSigner } from '../../keys/document-signatures.ts'
import { command } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import { invalid } from '../outcome.ts'
import { filterDetails, filterFields, readFilter, resolveFilter, restrictedField } from './audit-fields.ts'
import { revealing } from './revealing.ts'

interface ExportOptions {
  to: string
  format: string
  audience: string | undefined
  filter: EntryFilter
  /** Opens the restricted part of an entry, where it is exported too. */
  open: ((entry: Entry) => unknown) | undefined
}

const progressEach = 1000

/** Writes entries to a new file that only its owner may read. */
async function exportEntries(context: CommandContext, { to, format, audience, filter, open }: ExportOptions) {
  const { database, settings } = await context.services()
  const sign = createSigner(settings.keysDir, context.clock)
  let entries = 0

  async function lineOf(entry: Entry): Promise<string> {
    if (format === 'set') {
      const { issuer } = settings
      return securityEventToken(sign, { entry, restricted: open?.(entry), issuer, audience, now: context.clock() })
    }
    return JSON.stringify(open ? { ...entry, restricted_opened: open(entry) } : entry)
  }

  async function* lines() {
    for await (const entry of entriesInOrder(database, filter)) {
      entries += 1
      if (entries % progressEach === 0) context.progress(entries, 0)
      yield `${await lineOf(entry)}\n`
    }
  }
  makeOwnedFile(to)
  await pipeline(Readable.from(lines()), createWriteStream(to, { flush: true }))
  return { file: to, entries }
}

export default command({
  fields: {
    to: { type: 'text', required: true, placeholder: 'FILE', meaning: 'the new file' },
    format: {
      type: 'text',
      choices: ['jsonl', 'set'],
      default: 'jsonl',
      meaning: 'jsonl: JSON Lines, with the hashes; set: security event tokens (RFC 8417), one a line',
    },
    ...filterFields,
    audience: { type: 'text', placeholder: 'URI', meaning: 'the audience of the security event tokens' },
    restricted: restrictedField,
  },
  access: { local: 'it writes a file' },
  resolve: resolveFilter,
  example: 'npx yideng audit export --to november.jsonl --since 2026-11-01 --until 2026-12-01',
  async run(context, { to, format, audience, restricted, ...asked }) {
    const read = readFilter(asked)
    if (!read.ok) return invalid(...read.problems)
    const open = await revealing(context, 'audit.exported', { ...filterDetails(asked), format, restricted })
    if (existsSync(to)) return invalid({ field: 'to', message: `${JSON.stringify(to)} exists already` })
    const options = { to, format, audience, filter: read.filter, open: restricted ? open : undefined }
    return { ok: true, document: await exportEntries(context, options) }
  },
})
