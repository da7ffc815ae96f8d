import { covers, mayAct, type Administrator } from '../../accounts/administrators.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import { isRegion } from '../../config/regions.ts'
import type { Approval } from '../../accounts/approvals.ts'
import { failed, forbidden, iso, nameOf, type Access, type Command, type Input, type Outcome } from '../command.ts'
import type { AdministratorContext, CommandContext } from '../command-context.ts'
import { dutyOf, needsSecond, type Duty } from '../duties.ts'
import { findWhere, notThere } from './where.ts'

type FromAfar = Exclude<Access, { local: string }>

/** Why an administrator may not do this, to this; undefined when they may. */
export async function blockedBy(
  context: CommandContext,
  { role, region }: Administrator,
  access: FromAfar,
  input: Input,
): Promise<Outcome | undefined> {
  if (!mayAct(role, access.role)) return forbidden(`This needs the role ${access.role}; yours is ${role}.`)
  const where = await findWhere(await context.services(), access.about, input)
  if (!where || where.lies.some((one) => !covers({ region }, one))) return notThere(access.about, input)
  if (where.shares?.with.some((one) => !covers({ region }, one))) {
    const message =
      'would let it recognise the people of portals elsewhere: that is for an administrator of the province'
    return forbidden(message, where.shares.field)
  }
  // a code nobody knows is for the command itself to refuse
  const elsewhere = where.goes.filter((one) => !covers({ region }, one) && (one === undefined || isRegion(one)))
  if (elsewhere.length === 0) return undefined
  if (access.about === 'system') {
    return forbidden(`This concerns the whole house: it needs an administrator of the province; yours is ${region}.`)
  }
  if (access.about === 'organisation') return forbidden(`is not registered in ${region}, which is yours`, 'uscc')
  return forbidden(`must be ${region}, which is yours, or lie in it`, 'region')
}

/**
 * Runs a command for an administrator who works from afar, if role and region allow it; what needs a second administrator
 * waits for one.
 */
export async function runRemotely(context: AdministratorContext, command: Command, input: Input): Promise<Outcome> {
  const { access } = command
  if ('local' in access) return forbidden(localOnly(command, access.local))
  const not = await blockedBy(context, context.administrator, access, input)
  if (not) return not
  const duty = dutyOf(command)
  if (!duty) return forbidden(`"${nameOf(command)}" has no entry that says who must agree to it.`)
  const second = await needsSecond(await context.services(), context.administrator, duty, input)
  return second ? ask(context, command, { access, duty }, input) : command.run(context, input)
}

export const localOnly = (command: Command, why: string) => `"${nameOf(command)}" is for the server itself: ${why}.`

/** A request shows no secret and holds none, only that it is the same when the command is given once more. */
function withoutSecrets({ fields }: Command, input: Input, blindIndex: BlindIndex): Input {
  const shown = ([name, value]: [string, unknown]): [string, unknown] =>
    fields[name]?.type === 'secret' ? [name, blindIndex('approval.secret', String(value))] : [name, value]
  return Object.fromEntries(Object.entries(input).map(shown))
}

/** Keeps the request, or uses what a second administrator has released. */
async function ask(
  context: AdministratorContext,
  command: Command,
  { access, duty }: { access: FromAfar; duty: Duty },
  input: Input,
): Promise<Outcome> {
  const { approvals, dataKeys } = await context.services()
  const { personId: requestedBy } = context.administrator
  const where = await findWhere(await context.services(), access.about, input)
  const [region] = [...(where?.lies ?? []), ...(where?.goes ?? [])]
  const asked = withoutSecrets(command, input, dataKeys.blindIndex)
  const approval = await approvals.request({ command: nameOf(command), input: asked, region, requestedBy })
  if (!approval) {
    return {
      ok: false,
      kind: 'failed',
      problems: [{ message: 'Too many of your requests wait already: take some back.' }],
    }
  }
  if (approval.state === 'approved' && (await approvals.use(approval.id, context.actor)))
    return command.run(context, input)
  const after = duty.secret ? 'Give the same command once more then.' : 'It is done then.'
  return {
    ok: true,
    document: { request: approval.id, state: approval.state, expires_at: iso(approval.expiresAt) },
    shown: [
      `Request ${approval.id}. A second administrator decides: npx yideng approval approve ${approval.id}`,
      after,
    ],
    fault: 'Not done yet: it waits for a second administrator.',
  }
}

/** Runs what was just approved, as its requester would: who is no administrator any more asks for nothing. */
export async function runApproved(
  context: CommandContext,
  command: Command,
  { id, input, requestedBy }: Approval,
): Promise<Outcome> {
  const { approvals, administrators } = await context.services()
  const { access } = command
  const requester = await administrators.acting(requestedBy)
  const not =
    'local' in access || !requester
      ? forbidden('Who asked for it is no administrator any more.')
      : await blockedBy(context, requester, access, input)
  if (not) return not
  if (!(await approvals.use(id, context.actor))) return failed('It was run already.')
  return command.run(context, input)
}
