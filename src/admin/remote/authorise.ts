import { covers, mayAct, type Administrator } from '../../accounts/administrators.ts'
import type { Approval } from '../../accounts/approvals.ts'
import { isRegion } from '../../config/regions.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import { nameOf, resolvedInput, type Command, type CommandName, type RemoteAccess, type Resolved } from '../command.ts'
import type { AdministratorContext, CommandContext } from '../command-context.ts'
import { needsSecond } from '../duties.ts'
import type { Input } from '../fields.ts'
import { failed, forbidden, iso, type Failure, type Outcome } from '../outcome.ts'
import { regionsOfSubject, subjectNotFound } from './subject-region.ts'

/** The refusal for an administrator who may not run a command on this subject; undefined where they may. */
export async function refusalFor(
  context: CommandContext,
  { role, region }: Administrator,
  access: RemoteAccess,
  input: Input,
): Promise<Failure | undefined> {
  if (!mayAct(role, access.role)) return forbidden(`This needs the role ${access.role}; yours is ${role}.`)
  const regions = await regionsOfSubject(await context.services(), access.about, input)
  if (!regions || regions.before.some((one) => !covers({ region }, one))) return subjectNotFound(access.about, input)
  if (regions.shares?.with.some((one) => !covers({ region }, one))) {
    const message =
      'would let it recognise the people of portals in other regions: that is for an administrator of the province'
    return forbidden(message, regions.shares.field)
  }
  // the command itself refuses an unknown region code
  const elsewhere = regions.after.filter((one) => !covers({ region }, one) && (one === undefined || isRegion(one)))
  if (elsewhere.length === 0) return undefined
  if (access.about === 'system') {
    return forbidden(`This concerns the whole system: it needs an administrator of the province; yours is ${region}.`)
  }
  if (access.about === 'organisation') return forbidden(`is not registered in ${region}, which is yours`, 'uscc')
  return forbidden(`must be ${region}, which is yours, or a part of it`, 'region')
}

/** The input for `runRemotely`, where role and region allow the command. Without them, the answer does not say whether a person exists. */
export async function readyFor(context: AdministratorContext, command: Command, input: Input): Promise<Resolved> {
  const { access } = command
  if ('local' in access) return forbidden(localOnly(command, access.local))
  const blocked = await refusalFor(context, context.administrator, access, input)
  if (blocked || !command.resolve) return blocked ?? { ok: true, input }
  const resolved = await resolvedInput(context, command, input)
  if (!resolved.ok) return resolved
  // the region of a person is known only now
  return (await refusalFor(context, context.administrator, access, resolved.input)) ?? resolved
}

/**
 * Runs a command for a remote administrator. One that needs a second administrator waits for the approval.
 * @param input from `readyFor`
 */
export async function runRemotely(context: AdministratorContext, command: Command, input: Input): Promise<Outcome> {
  const { access } = command
  if ('local' in access) return forbidden(localOnly(command, access.local))
  const second = await needsSecond(await context.services(), context.administrator, access, input)
  return second ? requestApproval(context, command, access, input) : command.run(context, input)
}

export const localOnly = (command: CommandName, why: string) => `"${nameOf(command)}" is for the server itself: ${why}.`

/** A request stores the blind index of a secret: enough to recognise the same secret in the repeated command. */
function withoutSecrets({ fields }: Command, input: Input, blindIndex: BlindIndex): Input {
  const shown = ([name, value]: [string, unknown]): [string, unknown] =>
    fields[name]?.type === 'secret' ? [name, blindIndex('approval.secret', String(value))] : [name, value]
  return Object.fromEntries(Object.entries(input).map(shown))
}

/** Stores the request, or runs the command where a second administrator has approved it. */
async function requestApproval(
  context: AdministratorContext,
  command: Command,
  access: RemoteAccess,
  input: Input,
): Promise<Outcome> {
  const { approvals, dataKeys } = await context.services()
  const { personId: requestedBy } = context.administrator
  const regions = await regionsOfSubject(await context.services(), access.about, input)
  const [region] = [...(regions?.before ?? []), ...(regions?.after ?? [])]
  const stored = withoutSecrets(command, input, dataKeys.blindIndex)
  const approval = await approvals.request({ command: nameOf(command), input: stored, region, requestedBy })
  if (!approval) return failed('Too many of your requests wait already: take some back.')
  if (approval.state === 'approved' && (await approvals.use(approval.id, context.actor)))
    return command.run(context, input)
  const next = access.secret ? 'Give the same command again after that.' : 'It runs after that.'
  return {
    ok: true,
    document: { request: approval.id, state: approval.state, expires_at: iso(approval.expiresAt) },
    shown: [`Request ${approval.id}. A second administrator decides: npx yideng approval approve ${approval.id}`, next],
    fault: 'Not done yet: it waits for a second administrator.',
  }
}

/** Runs an approved request with the rights of its requester, if they are still an administrator. */
export async function runApproved(
  context: CommandContext,
  command: Command,
  { id, input, requestedBy }: Approval,
): Promise<Outcome> {
  const { approvals, administrators } = await context.services()
  const { access } = command
  const requester = await administrators.acting(requestedBy)
  const blocked =
    'local' in access || !requester
      ? forbidden('The requester is no longer an administrator.')
      : await refusalFor(context, requester, access, input)
  if (blocked) return blocked
  if (!(await approvals.use(id, context.actor))) return failed('It was run already.')
  return command.run(context, input)
}
