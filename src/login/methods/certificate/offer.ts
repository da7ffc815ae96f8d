import { maskName } from '../../../accounts/identifiers/masking.ts'
import { requestOf, showPage } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { actorOf } from '../../actor.ts'
import { assertQuestion, pathOf, type Attempt } from '../../attempt.ts'
import { restsOnHeldLink } from '../../held-link.ts'
import type { LoginHost, Offer, Router, RouterContext } from '../../method.ts'
import { bind, mayBind } from './bind.ts'
import { findBinding } from './bindings.ts'
import { name } from './certificate-deps.ts'
import type { CertificateIdentity } from './identify.ts'
import { proofId, takeShown } from './proofs.ts'
import type { SignInDeps } from './sign-in.ts'

/** The login in which the certificate signed: the question belongs to a later one of the same browser. */
const loginOf = ({ interaction }: Attempt): string => {
  const { after } = interaction.prompt.details
  return typeof after === 'string' ? after : ''
}

const caOf = ({ identifies }: SignInDeps, { ca }: CertificateIdentity) => identifies.list().find(({ id }) => id === ca)

/** "Next time by this certificate": asked after a sign-in by another way, in a login in which an unbound certificate signed. */
export function certificateOffer(deps: SignInDeps): Offer {
  const { methodLocks, proofs } = deps
  return {
    evenAsked: true,
    async due({ attemptId, personId, amr, level, person: read }) {
      const identity = await proofs.read(attemptId)
      const person = identity && (await read())
      if (!person || !(await mayBind(deps, caOf(deps, identity), identity, { person, amr, level }))) return false
      if ((await methodLocks.locked(personId, name)) || (await restsOnHeldLink(deps, { personId, amr }))) return false
      return (await findBinding(deps, identity)) === undefined
    },

    async ask(ctx, attempt) {
      show(deps, ctx, attempt, await proofs.read(loginOf(attempt)))
    },
  }
}

/** Without a proof nothing is left to ask: the page leads on. */
function show(deps: SignInDeps, ctx: RouterContext, attempt: Attempt, identity: CertificateIdentity | undefined): void {
  const ca = identity && caOf(deps, identity)
  showPage(ctx, 'certificate/offer', {
    action: pathOf(attempt, `${name}/answer`),
    ca: ca?.name ?? '',
    kind: identity?.subject.kind ?? '',
    names: identity ? shownName(identity) : '',
    proof: identity ? proofId(identity) : '',
    csrf: requestOf(ctx).csrf(),
  })
}

/** The name of a legal person is public; that of a natural person is not. */
const shownName = ({ subject }: CertificateIdentity) =>
  subject.kind === 'legal' ? subject.name : maskName(subject.name)

/** POST /login/<attempt>/certificate/answer: `decision` is `bind` or `later`. */
export function answerRoute(router: Router, host: LoginHost, deps: SignInDeps): void {
  router.post('/answer', async (ctx) => {
    const attempt = await host.attempt(ctx)
    assertQuestion(attempt, 'offer')
    const { decision, proof } = requestOf(ctx).form
    if (decision !== 'bind' && decision !== 'later') throw new Refusal('bad_request', 'no decision')
    // the proof counts once, for any answer
    const login = loginOf(attempt)
    const identity = decision === 'bind' ? await takeShown(deps.proofs, login, proof) : await deps.proofs.take(login)
    if (decision === 'bind' && identity) await bindProof(deps, ctx, attempt, identity)
    await host.offered(ctx)
  })
}

/** @throws Refusal `login_expired` where this sign-in may not, or no longer, bind it */
async function bindProof(
  deps: SignInDeps,
  ctx: RouterContext,
  attempt: Attempt,
  identity: CertificateIdentity,
): Promise<void> {
  const { persons, sessions, methodLocks, settings, clock } = deps
  const session = attempt.session && (await sessions.find(attempt.session.uid))
  const person = session && (await persons.find(session.personId))
  const isFresh = session && clock() / 1000 - session.signedInAt <= settings.lifetimes.freshSignIn
  const { amr = [], level = 2 } = session ?? {}
  const may = isFresh && person && (await mayBind(deps, caOf(deps, identity), identity, { person, amr, level }))
  if (!may || (await methodLocks.locked(person.id, name)) || (await restsOnHeldLink(deps, session)))
    throw new Refusal('login_expired', 'the offer is over')
  await bind(deps, { personId: person.id, session, identity, by: actorOf(ctx) })
}
