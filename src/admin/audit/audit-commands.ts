import type { Entry } from '../../audit/chain.ts'
import { monthAfter, monthOf } from '../../config/months.ts'
import { filterDetails, filterFields, keysField, notKeys, readFilter, verifierOf } from './audit-fields.ts'
import { command, invalid, iso, limitFault, limitField, type Command, type Outcome } from '../command.ts'
import type { CommandContext } from '../command-context.ts'
import { revealing } from './revealing.ts'
import { verifySignature } from './verify-signature-command.ts'

const monthForm = /^\d{4}-(0[1-9]|1[0-2])$/

const restrictedField = {
  type: 'boolean',
  local: true,
  meaning: 'with network address and browser, which are personal data: that you read them is audited',
} as const

/** An entry as it is answered. */
function shown({ sequence, at, event, actor, person_id, client_id, details }: Entry) {
  return { sequence, at: iso(at), event, actor, person_id, client_id, details: JSON.parse(details) as object }
}

/** An administrator of a city sees what happened at its portals; all else belongs to the whole house. */
async function ownPortals(context: CommandContext): Promise<string[] | undefined> {
  if (context.sees(undefined)) return undefined
  const { clients } = await context.services()
  return (await clients.list()).filter(({ region }) => context.sees(region)).map(({ id }) => id)
}

export const auditCommands: Command[] = [
  command({
    noun: 'audit',
    verb: 'list',
    summary: 'list what happened, newest first',
    fields: {
      ...filterFields,
      limit: limitField,
      before: {
        type: 'number',
        placeholder: 'NUMBER',
        meaning: 'begin before this entry: the last one of the page before',
      },
      restricted: restrictedField,
    },
    access: { role: 'viewer', about: 'rows' },
    example: 'npx yideng audit list --event login.refused --since 2026-11-24',
    async run(context, { limit, before, restricted, ...asked }) {
      const read = readFilter(asked)
      if (!read.ok) return invalid(...read.problems)
      const fault = limitFault(limit)
      if (fault) return fault
      const { newestEntries } = await import('../../audit/reading.ts')
      const { database } = await context.services()
      const filter = { ...read.filter, portals: await ownPortals(context) }
      const found = await newestEntries(database, filter, { limit: limit + 1, before })
      const page = found.slice(0, limit)
      const open = restricted ? await revealing(context, 'audit.revealed', filterDetails(asked)) : undefined
      const document = page.map((entry) => ({ ...shown(entry), ...(open ? { restricted: open(entry) } : {}) }))
      const columns = [
        'NUMBER',
        'TIME',
        'EVENT',
        'ACTOR',
        'PERSON',
        'PORTAL',
        'DETAILS',
        ...(open ? ['RESTRICTED'] : []),
      ]
      const rows = document.map(({ details, ...one }) => [
        one.sequence,
        one.at,
        one.event,
        one.actor,
        one.person_id,
        one.client_id,
        JSON.stringify(details),
        ...('restricted' in one ? [JSON.stringify(one.restricted)] : []),
      ])
      const more = found.length > limit ? [`More: the same with --before ${page.at(-1)?.sequence}`] : []
      return { ok: true, document, shown: { columns, rows }, notes: rows.length > 0 ? more : ['Nothing like it here.'] }
    },
  }),
  command({
    noun: 'audit',
    verb: 'verify',
    summary: 'find an entry that was changed, removed, put in another order or cut off; needs no running server',
    fields: {
      store: {
        type: 'text',
        placeholder: 'FILE',
        meaning: 'a copy of yideng.sqlite to check instead of the store; needs no data keys',
      },
      archive: {
        type: 'text',
        placeholder: 'FILE',
        meaning: 'or a month that was archived; with --store also that it is the file which was archived from there',
      },
      checkpoint: {
        type: 'text',
        placeholder: 'FILE',
        meaning: 'checkpoints you kept elsewhere, one a line; without it the one beside the store',
      },
      keys: keysField,
    },
    access: { local: 'it reads the files of the store' },
    example: 'npx yideng audit verify --store /evidence/yideng.sqlite --keys jwks.json',
    async run(context, { store, archive, checkpoint, keys }): Promise<Outcome> {
      const verify = await verifierOf(context, keys)
      if (!verify) return invalid(notKeys)
      const { verifyArchiveFile, verifyStore } = await import('./audit-check.ts')
      const check =
        archive === undefined
          ? await verifyStore(context, verify, { store, checkpoint })
          : await verifyArchiveFile(verify, archive, store)
      if ('problem' in check) return invalid(check.problem)
      if (check.whole) {
        const { entries, checkpoints, unsigned } = check
        const signed = `${checkpoints} checkpoint${checkpoints === 1 ? '' : 's'}`
        return {
          ok: true,
          document: check,
          shown: [`Whole: ${entries} entries, ${signed}, ${unsigned} entries not signed yet.`],
        }
      }
      const fault = `Broken (${check.kind}) at entry ${check.sequence}: ${check.fault}. Keep a copy of the store as evidence.`
      return { ok: true, document: check, shown: [], fault }
    },
  }),
  verifySignature,
  command({
    noun: 'audit',
    verb: 'export',
    summary: 'write entries to a file, oldest first',
    fields: {
      to: { type: 'text', required: true, placeholder: 'FILE', meaning: 'the file, which must not be there yet' },
      format: {
        type: 'text',
        choices: ['jsonl', 'set'],
        default: 'jsonl',
        meaning: 'jsonl: JSON Lines, with the hashes; set: security event tokens (RFC 8417), one a line',
      },
      ...filterFields,
      audience: { type: 'text', placeholder: 'URI', meaning: 'who the security event tokens are for' },
      restricted: restrictedField,
    },
    access: { local: 'it writes a file' },
    example: 'npx yideng audit export --to november.jsonl --since 2026-11-01 --until 2026-12-01',
    async run(context, { to, format, audience, restricted, ...asked }) {
      const read = readFilter(asked)
      if (!read.ok) return invalid(...read.problems)
      const details = { ...filterDetails(asked), format, restricted }
      const open = await revealing(context, 'audit.exported', details)
      const { exportEntries } = await import('./audit-export.ts')
      const written = await exportEntries(context, {
        to,
        format,
        audience,
        filter: read.filter,
        open: restricted ? open : undefined,
      })
      if ('problem' in written) return invalid({ field: 'to', message: written.problem })
      return { ok: true, document: written }
    },
  }),
  command({
    noun: 'audit',
    verb: 'archive',
    summary: 'move whole months to files, one a month, and take them out of the store once the file is checked',
    fields: {
      to: { type: 'text', required: true, placeholder: 'DIRECTORY', meaning: 'where the files go' },
      before: {
        type: 'text',
        placeholder: 'MONTH',
        meaning: 'the first month that stays, such as 2026-11 (UTC); without it YIDENG_AUDIT_MONTHS stay',
      },
    },
    access: { local: 'it writes files and takes entries out of the store' },
    example: 'npx yideng audit archive --to /archive/yideng',
    async run(context, { to, before }): Promise<Outcome> {
      const { archiveMonths } = await import('../../audit/archives.ts')
      const thisMonth = monthOf(context.clock())
      if (before !== undefined && (!monthForm.test(before) || before > thisMonth)) {
        return invalid({
          field: 'before',
          message: `${JSON.stringify(before)} must be a month that has begun, such as ${thisMonth}`,
        })
      }
      const { statSync } = await import('node:fs')
      if (!statSync(to, { throwIfNoEntry: false })?.isDirectory()) {
        return invalid({ field: 'to', message: `${JSON.stringify(to)} must be a directory that is there` })
      }
      const { database, audit, settings } = await context.services()
      const { createVerifier } = await import('../../keys/signatures.ts')
      const document = await archiveMonths({
        database,
        audit,
        verify: createVerifier(settings.keysDir, context.clock),
        directory: to,
        before: before ?? monthAfter(thisMonth, 1 - settings.auditMonths),
        now: context.clock(),
        actor: context.actor,
      })
      const rows = document.map(({ month, entries, file }) => [month, entries, file])
      const notes = rows.length > 0 ? [] : ['There is nothing to archive.']
      return { ok: true, document, shown: { columns: ['MONTH', 'ENTRIES', 'FILE'], rows }, notes }
    },
  }),
  command({
    noun: 'audit',
    verb: 'divide',
    summary: 'put the trail of a large store on PostgreSQL into a partition a month; servers go on meanwhile',
    fields: {},
    access: { local: 'it changes how the store is laid out' },
    example: 'npx yideng audit divide',
    async run(context): Promise<Outcome> {
      const { database, settings } = await context.services()
      if (!settings.databaseUrl) return invalid({ message: 'The embedded store has no partitions: nothing to do.' })
      const { divideLongAuditLog, isDivided, makeMonthsAhead } = await import('../../storage/audit-months.ts')
      const before = await isDivided(database)
      if (!before) await divideLongAuditLog(database, context.clock())
      const months = await makeMonthsAhead(database, context.clock())
      const said = before ? 'The trail was divided already.' : 'The trail is divided.'
      return { ok: true, document: { divided: !before, months }, shown: [said] }
    },
  }),
  command({
    noun: 'audit',
    verb: 'receipt',
    summary: 'give the receipt of an entry: it shows by itself that the entry stands in the trail',
    fields: {
      number: {
        type: 'number',
        positional: true,
        required: true,
        placeholder: 'NUMBER',
        meaning: 'number of the entry',
      },
    },
    access: { role: 'viewer', about: 'system' },
    example: 'npx yideng audit receipt 4711 --json > receipt.json',
    async run(context, { number }): Promise<Outcome> {
      const { receiptFor } = await import('../../audit/receipts.ts')
      const receipt = await receiptFor((await context.services()).database, number)
      if (receipt) return { ok: true, document: receipt }
      const message = `There is no entry ${number} in the store, or no checkpoint speaks for it yet: the server makes one a minute.`
      return { ok: false, kind: 'not_found', problems: [{ message }] }
    },
  }),
  command({
    noun: 'audit',
    verb: 'check-receipt',
    summary: 'check a receipt against the checkpoint it holds',
    fields: {
      receipt: { type: 'json', positional: true, required: true, placeholder: 'FILE', meaning: 'the receipt' },
      keys: keysField,
    },
    access: { local: 'a receipt shows by itself that it holds' },
    example: 'npx yideng audit check-receipt receipt.json --keys jwks.json',
    async run(context, { receipt, keys }): Promise<Outcome> {
      const verify = await verifierOf(context, keys)
      if (!verify) return invalid(notKeys)
      const { checkReceipt } = await import('../../audit/receipts.ts')
      const check = await checkReceipt(verify, receipt)
      if (!check.holds)
        return { ok: true, document: check, shown: [], fault: `This receipt does not hold: ${check.fault}.` }
      const { sequence, at, event, person_id, client_id } = check.entry
      const entry = { number: sequence, at: iso(at), event, person_id, client_id }
      const signed = { by: check.checkpoint.iss, at: iso(check.checkpoint.iat * 1000) }
      return { ok: true, document: { holds: true, entry, signed } }
    },
  }),
]
