import { createWriteStream, existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Entry } from '../../audit/chain.ts'
import { entriesInOrder, type EntryFilter } from '../../audit/reading.ts'
import { securityEventToken } from '../../audit/security-event-tokens.ts'
import { createSigner } from '../../keys/signatures.ts'
import type { CommandContext } from '../command-context.ts'

/** Writes entries to a new file that only its owner may read; `open` opens restricted parts where they are asked for. */
export async function exportEntries(
  context: CommandContext,
  options: {
    to: string
    format: string
    audience?: string | undefined
    filter: EntryFilter
    open?: ((entry: Entry) => unknown) | undefined
  },
): Promise<{ file: string; entries: number } | { problem: string }> {
  const { to, format, audience, filter, open } = options
  if (existsSync(to)) return { problem: `${JSON.stringify(to)} is there already` }
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
      yield `${await lineOf(entry)}\n`
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(to, { flags: 'wx', mode: 0o600, flush: true }))
  return { file: to, entries }
}
