import type { ChannelAnswer, ChannelIdentity } from '../../../channels/channel-client.ts'
import type { Channel } from '../../../channels/channels.ts'
import { refusalCodes } from '../../../channels/identified.ts'
import { redirectTo } from '../../../pages/redirect.ts'
import type { RefusalCode } from '../../../refusal/refusal.ts'
import { pathOf, type Attempt } from '../../attempt.ts'
import type { LoginHost, RouterContext } from '../../method.ts'
import { findBinding, noteUse, type Binding } from './bindings.ts'
import { name, originOf, vendorOf, type ChannelDeps } from './channel-deps.ts'
import type { ChannelProofs } from './proofs.ts'
import { levelOf } from './shown-here.ts'

/** The result of an arrival; a refusal is shown already. */
export type Arrival = { refusal: RefusalCode } | { refusal?: undefined }

type Deps = ChannelDeps & { proofs: ChannelProofs }

/**
 * The vendor has answered for the browser of this login. A bound account signs in. Of any other the login keeps the proof, and the
 * person signs in by another way. A vendor that fails costs the login nothing.
 */
export async function arrive(
  deps: Deps,
  host: LoginHost,
  ctx: RouterContext,
  { attempt, channel, answer }: { attempt: Attempt; channel: Channel; answer: ChannelAnswer },
): Promise<Arrival> {
  if ('failure' in answer) return refused(host, ctx, refusalCodes[answer.failure])
  const { identity } = answer
  const binding = await findBinding(deps, channel, identity)
  if (!binding) {
    await deps.proofs.put(attempt.id, { channel: channel.id, identity, at: deps.clock() }, proofSeconds(deps))
    redirectTo(ctx, pathOf(attempt))
    return {}
  }
  const { personId, heldAt } = binding.authenticator
  if (heldAt !== null) return refused(host, ctx, 'channel_held', personId)
  return signIn(deps, host, ctx, { channel, identity, binding })
}

const proofSeconds = ({ settings }: Deps) => settings.lifetimes.interaction

async function refused(host: LoginHost, ctx: RouterContext, code: RefusalCode, personId?: string): Promise<Arrival> {
  await host.refuse(ctx, { method: name, code, personId })
  return { refusal: code }
}

async function signIn(
  deps: Deps,
  host: LoginHost,
  ctx: RouterContext,
  { channel, identity, binding }: { channel: Channel; identity: ChannelIdentity; binding: Binding },
): Promise<Arrival> {
  const { id, personId } = binding.authenticator
  const { signedIn } = await host.succeed(ctx, {
    method: name,
    personId,
    amr: [vendorOf(channel)],
    vouched: lower(levelOf(channel), binding.level),
    authenticatorId: id,
    through: { methods: [originOf(channel.id)], authenticators: [] },
    refusal: 'channel_refused',
  })
  if (!signedIn) return { refusal: 'channel_refused' }
  await noteUse(deps, binding, channel, identity)
  return {}
}

const lower = (one: Channel['level'], other: Binding['level']) => (other < one ? other : one)
