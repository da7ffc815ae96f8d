import { iso } from '../outcome.ts'
import type { CommandContext } from '../command-context.ts'
import type { Choices, Restored } from './restore-store.ts'
import type { ChangesSince } from './restore-changes.ts'

interface Flags {
  'keep-administrators': boolean
  'undo-locks': boolean
  'undo-endings': boolean
}

/** Asks about the changes since the backup that no flag decides. Without a terminal, the later state stays. */
export const chooser =
  (context: Pick<CommandContext, 'confirm'>, flags: Flags) =>
  async (since: ChangesSince, administrators: number): Promise<Choices> => {
    const asked = async (given: boolean, many: number, question: string) =>
      given || (many > 0 && context.confirm(question))
    const closed = since.locked.size + since.organisations.size + since.clients.size
    return {
      administrators: await asked(
        flags['keep-administrators'],
        administrators,
        `The backup has ${administrators} administrators. Keep them, without those known to be revoked since?`,
      ),
      locks: await asked(
        flags['undo-locks'],
        closed,
        `${closed} accounts, organisations and portals were locked, closed or suspended since. Open them again?`,
      ),
      mandates: await asked(
        flags['undo-endings'],
        since.mandates.size,
        `${since.mandates.size} mandates ended since. Make them valid again?`,
      ),
    }
  }

/** The changes as a document. */
export const changesDocument = (since: ChangesSince) => ({
  entries: since.entries,
  until: since.until === 0 ? null : iso(since.until),
  locked: [...since.locked],
  closed: [...since.closed],
  administrators: [...since.administrators],
  mandates: [...since.mandates],
  organisations: [...since.organisations],
  clients: [...since.clients],
  credentials: [...since.credentials],
  secrets: [...since.secrets],
})

/** What the restored store brings back, what it does not, and the next steps. */
export function notesOf({ backupAt, since, signed, isProven, choices, done }: Restored): string[] {
  const state = (reopened: boolean) => (reopened ? 'are open again, as you chose' : 'stay so')
  const named = (ids: Iterable<string>) => [...ids].map((id) => `  ${id}`)
  const notes = [
    '',
    `The store is as it was at ${backupAt === 0 ? 'an unknown time' : iso(backupAt)}. All sign-ins and all requests for approval ended.`,
    choices.administrators
      ? `The administrators of the backup stay, without ${done.administrators} that were revoked or changed since.`
      : `The store has no administrator (${done.administrators} in the backup): npx yideng admin grant makes new ones.`,
    isProven
      ? 'The audit log names this restore: npx yideng audit verify explains by it what came after the backup and is gone.'
      : 'data.json was missing, so the audit log has no proof of this restore: older checkpoints will seem to name removed entries.',
    'Sessions, codes and tokens are in the other store (Redis, artifacts.sqlite), which starts empty: people sign in again.',
  ]
  if (!since) {
    const gone = signed ? ` The audit log had ${signed.entries} more entries, up to ${iso(signed.at)}.` : ''
    notes.push(
      `Later locks and revocations are not known: their subjects are active again.${gone} To keep them, name the old store (--replaces) or archives (--archive).`,
    )
    return notes
  }
  notes.push(`${since.entries} acts were recorded after the backup${since.until ? `, up to ${iso(since.until)}` : ''}:`)
  const changes: [Iterable<string> & { size: number }, string][] = [
    [since.administrators, 'administrators revoked or changed'],
    [since.locked, `accounts locked, superseded or closed, which ${state(choices.locks)}`],
    [since.closed, 'of these closed for good: their data is back, close them again'],
    [since.organisations, `organisations suspended, which ${state(choices.locks)}`],
    [
      since.clients,
      `portals suspended or deleted, which ${choices.locks ? 'are open again, as you chose' : 'are suspended'}`,
    ],
    [since.mandates, `mandates ended, which ${choices.mandates ? 'are valid again, as you chose' : 'stay so'}`],
    [since.credentials, 'accounts that changed a password or a sign-in method: the older one is valid again'],
    [since.secrets, 'portals that got a new secret: the older one is valid again, rotate it'],
  ]
  for (const [ids, what] of changes) if (ids.size > 0) notes.push(`${ids.size} ${what}:`, ...named(ids))
  return notes
}
