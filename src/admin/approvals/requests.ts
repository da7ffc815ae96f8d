import type { Approval } from '../../accounts/approvals.ts'
import { findCommand } from '../commands.ts'
import type { Command } from '../command.ts'
import { iso } from '../outcome.ts'

/** A request for approval as a document. */
export const requestDocument = (one: Approval) => ({
  id: one.id,
  command: one.command,
  input: one.input,
  region: one.region ?? null,
  requested_by: one.requestedBy,
  requested_at: iso(one.requestedAt),
  expires_at: iso(one.expiresAt),
  state: one.state,
  decided_by: one.decidedBy ?? null,
})

/** The command that was requested; undefined where this version does not have it. */
export function requestedCommand({ command }: Approval): Promise<Command | undefined> {
  const [noun = '', verb] = command.split(' ')
  return findCommand({ noun, ...(verb === undefined ? {} : { verb }) })
}
