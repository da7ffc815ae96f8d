import { isAlipay, type Channel } from '../../../channels/channels.ts'
import { showPage, requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { actorOf } from '../../actor.ts'
import { assertQuestion, pathOf, type Attempt } from '../../attempt.ts'
import { restsOnHeldLink } from '../../held-link.ts'
import type { LoginHost, Offer, Router, RouterContext } from '../../method.ts'
import { bind, mayBind } from './bind.ts'
import { findBinding } from './bindings.ts'
import { name, type ChannelDeps } from './channel-deps.ts'
import type { ChannelProof, ChannelProofs } from './proofs.ts'

type Deps = ChannelDeps & { proofs: ChannelProofs }

/** The login in which the vendor spoke: the question belongs to a later one of the same browser. */
const loginOf = ({ interaction }: Attempt): string => {
  const { after } = interaction.prompt.details
  return typeof after === 'string' ? after : ''
}

/** "Next time by this WeChat": asked after a sign-in by another way, in a login in which an unbound account of a channel took part. */
export function channelOffer(deps: Deps): Offer {
  const { channels, methodLocks, proofs, clock } = deps
  return {
    evenAsked: true,
    async due({ attemptId, personId, amr, level, person: read }) {
      const proof = await proofs.read(attemptId)
      const channel = proof && channels.client(proof.channel)?.channel
      const person = channel && (await read())
      // an account that its owner is closing gets no new way in
      if (!person || person.closesAt !== null || !mayBind(channel, { person, amr, level, now: clock() })) return false
      if ((await methodLocks.locked(personId, name)) || (await restsOnHeldLink(deps, { personId, amr }))) return false
      return (await findBinding(deps, channel, proof.identity)) === undefined
    },

    async ask(ctx, attempt) {
      const proof = await proofs.read(loginOf(attempt))
      show(ctx, attempt, proof && channels.client(proof.channel)?.channel)
    },
  }
}

/** Without a channel nothing is left to ask: the page leads on. */
function show(ctx: RouterContext, attempt: Attempt, channel: Channel | undefined): void {
  showPage(ctx, 'channel/offer', {
    action: pathOf(attempt, `${name}/answer`),
    channel: channel?.name ?? '',
    alipay: channel !== undefined && isAlipay(channel.kind),
    csrf: requestOf(ctx).csrf(),
  })
}

/** POST /login/<attempt>/channel/answer: `decision` is `bind` or `later`. */
export function answerRoute(router: Router, host: LoginHost, deps: Deps): void {
  router.post('/answer', async (ctx) => {
    const attempt = await host.attempt(ctx)
    assertQuestion(attempt, 'offer')
    const { decision } = requestOf(ctx).form
    if (decision !== 'bind' && decision !== 'later') throw new Refusal('bad_request', 'no decision')
    // the proof counts once, for any answer
    const proof = await deps.proofs.take(loginOf(attempt))
    if (decision === 'bind' && proof) await bindProof(deps, ctx, attempt, proof)
    await host.offered(ctx)
  })
}

/** @throws Refusal `login_expired` where this sign-in may not, or no longer, bind it */
async function bindProof(deps: Deps, ctx: RouterContext, attempt: Attempt, proof: ChannelProof): Promise<void> {
  const { channels, persons, sessions, methodLocks, settings, clock } = deps
  const session = attempt.session && (await sessions.find(attempt.session.uid))
  const person = session && (await persons.find(session.personId))
  const channel = channels.client(proof.channel)?.channel
  const now = clock()
  const fresh = session && now / 1000 - session.signedInAt <= settings.lifetimes.freshSignIn
  const may = person && channel && fresh && mayBind(channel, { person, amr: session.amr, level: session.level, now })
  if (!may || (await methodLocks.locked(person.id, name)) || (await restsOnHeldLink(deps, session)))
    throw new Refusal('login_expired', 'the offer is over')
  await bind(deps, { person, session, channel, proof, by: actorOf(ctx) })
}
