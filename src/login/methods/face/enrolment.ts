import { bindingMs } from '../../../accounts/identity-proofing/identity-proofs.ts'
import { servingIn } from '../../../proofing/face/choose-verifier.ts'
import type { NaturalPerson } from '../../../accounts/natural-persons.ts'
import { doneOf, redirectTo } from '../../../pages/redirect.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { accountRouter } from '../../account-router.ts'
import { actorOf } from '../../actor.ts'
import type { AccountHost, Enrolment, RouterContext } from '../../method.ts'
import type { CheckDeps } from './judge-check.ts'
import { countedFor } from './counted-for.ts'
import { name } from './face-deps.ts'
import { faceRoutes, type Situation } from './face-routes.ts'

const base = `/account/${name}`
/** The account whose face was verified, and in which browser. */
const provenKind = 'face-proven'
const said = ['proved', 'won', 'held_by_face', 'not_matched', 'gone', 'bound', 'nothing_bound', 'withdrawn'] as const

/** 人脸核验 in the account centre: proves an account by a face, binds passkeys, and withdraws the consent. */
export function faceEnrolment(deps: CheckDeps): Enrolment {
  const { faceConsents, identityProofs, methodLocks, faceVerifiers, limits, artifacts, devices } = deps

  function back(ctx: RouterContext, done: (typeof said)[number]): void {
    redirectTo(ctx, `${base}?done=${done}`)
  }

  const deviceOf = (ctx: RouterContext) => devices.keyOf(requestOf(ctx).device())

  /** In this browser, within the last ten minutes. */
  const provenHere = async (ctx: RouterContext, person: NaturalPerson) =>
    (await artifacts.get(provenKind, person.id)) === deviceOf(ctx)

  async function prove(ctx: RouterContext, person: NaturalPerson): Promise<void> {
    const device = deviceOf(ctx)
    const proved = await identityProofs.prove(person, device, actorOf(ctx))
    if (!proved.ok) return back(ctx, proved.problem)
    await artifacts.put(provenKind, person.id, device, { ttl: bindingMs / 1000 })
    return back(ctx, proved.superseded.length > 0 ? 'won' : 'proved')
  }

  async function situation(ctx: RouterContext, centre: AccountHost): Promise<Situation | undefined> {
    const { check, t } = ctx.query
    // a vendor may take longer than a sign-in stays fresh: the result is read after the next sign-in
    requestOf(ctx).returnTo =
      ctx.method === 'GET' && typeof check === 'string' && typeof t === 'string'
        ? `${base}/return?${new URLSearchParams({ check, t }).toString()}`
        : base
    // allowed while the account is held: a face proves whose account it is
    const account = await centre.mayProtect(ctx)
    if (!account) return undefined
    return {
      who: account.person.id,
      counted: countedFor(deps, account.person),
      person: account.person,
      purpose: 'proofing',
      holder: account.session.uid,
      base,
      elsewhere: base,
      show: (view, data, status) => centre.show(ctx, account, view, data, status),
      passed: () => prove(ctx, account.person),
    }
  }

  return {
    routes(router, centre) {
      const own = accountRouter(router, centre)

      own.get('/', 'sign-in', async (ctx, account) => {
        const { person } = account
        const provenAt = person.faceProofedAt
        await centre.show(ctx, account, 'face/settings', {
          level: person.identityLevel,
          agreed: await faceConsents.given(person.id),
          young: !faceConsents.mayAgree(person),
          offered: servingIn(faceVerifiers('proofing'), ctx.get('user-agent')) !== undefined,
          blocked: await limits.blocked(countedFor(deps, person)),
          off: await methodLocks.locked(person.id, name),
          provenAt: provenAt === null ? '' : new Date(provenAt).toISOString(),
          binding: await provenHere(ctx, person),
          done: doneOf(ctx, said),
        })
      })

      router.post('/bind', async (ctx) => {
        const here = await situation(ctx, centre)
        if (!here?.person) return
        const { person } = here
        const bound = (await provenHere(ctx, person))
          ? await identityProofs.bind(person, deviceOf(ctx), actorOf(ctx))
          : 0
        back(ctx, bound > 0 ? 'bound' : 'nothing_bound')
      })

      // no fresh sign-in is needed; but in a hold a stranger would close the way back by face
      const ask = async () => ({ kind: 'face' })
      own.lose('/withdraw', { back: base, needs: 'reduce', ask }, async (ctx, account) => {
        await faceConsents.withdraw(account.person, actorOf(ctx))
        back(ctx, 'withdrawn')
      })

      faceRoutes(router, deps, (ctx) => situation(ctx, centre))
    },
  }
}
