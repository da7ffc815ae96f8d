import { iso } from '../outcome.ts'
import type { CommandContext } from '../command-context.ts'
import type { Choices, Restored } from './restore-store.ts'
import type { ChangesSince } from './restore-changes.ts'

interface Flags {
  'keep-administrators': boolean
  'undo-locks': boolean
  'undo-endings': boolean
}

/** Asks about what changed since the backup where a flag does not say it already; where nobody can answer, it stays ended. */
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
        `The backup has ${administrators} administrators. May they be so again, but for those known to be revoked since?`,
      ),
      locks: await asked(
        flags['undo-locks'],
        closed,
        `${closed} accounts, organisations and portals were locked, closed or suspended since. Open them again?`,
      ),
      mandates: await asked(
        flags['undo-endings'],
        since.mandates.size,
        `${since.mandates.size} mandates ended since. Shall they count again?`,
      ),
    }
  }

/** How many of each, and the ids of those whose power is at stake. */
export const countsOf = (since: ChangesSince) => ({
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

/** What the restored store brings back, what it does not, and what is left to do. */
export function notesOf({ backupAt, since, signed, choices, done }: Restored): string[] {
  const still = (kept: boolean) => (kept ? 'are open again, as you said' : 'stay so')
  const named = (ids: Iterable<string>) => [...ids].map((id) => `  ${id}`)
  const notes = [
    '',
    `The store is as it was at ${backupAt === 0 ? 'an unknown time' : iso(backupAt)}. All sign-ins ended; requests to a second administrator too.`,
    choices.administrators
      ? `Administrators of the backup stay so; ${done.administrators} of them, revoked or changed since, do not.`
      : `No administrator is left (${done.administrators} in the backup): npx yideng admin grant makes them anew.`,
  ]
  if (!since) {
    const gone = signed ? ` The trail had ${signed.entries} entries more, up to ${iso(signed.at)}.` : ''
    notes.push(
      `What was locked, revoked or ended since is not known and has come back.${gone} Name the store it replaces (--replaces) or archives (--archive) to keep it ended.`,
    )
    return notes
  }
  notes.push(`${since.entries} acts were recorded after the backup${since.until ? `, up to ${iso(since.until)}` : ''}:`)
  const told: [Iterable<string> & { size: number }, string][] = [
    [since.administrators, 'administrators revoked or changed'],
    [since.locked, `accounts locked, superseded or closed, which ${still(choices.locks)}`],
    [since.closed, 'of these closed for good: their data has come back, close them again'],
    [since.organisations, `organisations suspended, which ${still(choices.locks)}`],
    [
      since.clients,
      `portals suspended or deleted, which ${choices.locks ? 'are open again, as you said' : 'are suspended'}`,
    ],
    [since.mandates, `mandates ended, which ${choices.mandates ? 'count again, as you said' : 'stay so'}`],
    [since.credentials, 'accounts that changed a password or a way to sign in: the older one counts again'],
    [since.secrets, 'portals that got a new secret: the older one counts again, rotate it'],
  ]
  for (const [ids, what] of told) if (ids.size > 0) notes.push(`${ids.size} ${what}:`, ...named(ids))
  return notes
}
