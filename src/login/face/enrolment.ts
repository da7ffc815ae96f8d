import { bindingMs } from '../../accounts/faces/proofs.ts'
import type { NaturalPerson } from '../../accounts/natural-persons.ts'
import { doneOf, goTo } from '../../pages/going.ts'
import { visitOf } from '../../pages/visit.ts'
import { actorOf } from '../host.ts'
import type { AccountHost, Enrolment, RouterContext } from '../method.ts'
import type { FaceChecks } from './checks.ts'
import { ofAccount, type FaceLimits } from './limits.ts'
import { name, type FaceParts } from './parts.ts'
import { faceRoutes, type Situation } from './routes.ts'

const base = `/account/${name}`
/** Whose face was verified, and in which browser. */
const provenKind = 'face-proven'
const said = ['proved', 'won', 'held_by_face', 'not_matched', 'gone', 'bound', 'nothing_bound', 'withdrawn'] as const

/** 人脸核验 in the account centre: proving an account by a face, what it has bound, and taking it all back. */
export function faceEnrolment(parts: FaceParts & { checks: FaceChecks; limits: FaceLimits }): Enrolment {
  const { consents, proofs, persons, methodLocks, verifiers, limits, artifacts, devices, blindIndex } = parts

  /** The number not by what accounts are found by: that changes with its key. */
  const countedFor = (person: NaturalPerson) =>
    ofAccount(
      person.id,
      person.identityLevel >= 3 ? undefined : blindIndex('claim', persons.reveal(person).documentNumber),
    )

  function back(ctx: RouterContext, done: (typeof said)[number]): void {
    goTo(ctx, `${base}?done=${done}`)
  }

  const deviceOf = (ctx: RouterContext) => devices.keyOf(visitOf(ctx).device())

  /** In this browser, within the last ten minutes. */
  const provenHere = async (ctx: RouterContext, person: NaturalPerson) =>
    (await artifacts.get(provenKind, person.id)) === deviceOf(ctx)

  async function prove(ctx: RouterContext, person: NaturalPerson): Promise<void> {
    const device = deviceOf(ctx)
    const proved = await proofs.prove(person, device, actorOf(ctx))
    if (!proved.ok) return back(ctx, proved.problem)
    await artifacts.put(provenKind, person.id, device, { ttl: bindingMs / 1000 })
    return back(ctx, proved.superseded.length > 0 ? 'won' : 'proved')
  }

  async function situation(ctx: RouterContext, centre: AccountHost): Promise<Situation | undefined> {
    const { check } = ctx.query
    // a vendor may have taken longer than a sign-in stays fresh: its result is asked for after signing in again
    visitOf(ctx).back =
      ctx.method === 'GET' && typeof check === 'string' ? `${base}/return?check=${encodeURIComponent(check)}` : base
    // a face shows whose account it is, which is what one waits for while it is held
    const visit = await centre.mayProtect(ctx)
    if (!visit) return undefined
    return {
      who: visit.person.id,
      counted: countedFor(visit.person),
      person: visit.person,
      purpose: 'proofing',
      holder: visit.session.uid,
      base,
      elsewhere: base,
      show: (view, data, status) => centre.show(ctx, visit, view, data, status),
      passed: () => prove(ctx, visit.person),
    }
  }

  return {
    routes(router, centre) {
      router.get('/', async (ctx) => {
        const visit = await centre.visit(ctx)
        if (!visit) return
        const { person } = visit
        const provenAt = person.faceProofedAt
        await centre.show(ctx, visit, 'face/settings', {
          level: person.identityLevel,
          agreed: await consents.given(person.id),
          young: !consents.mayAgree(person),
          offered: verifiers('proofing') !== undefined,
          blocked: await limits.blocked(countedFor(person)),
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
        const bound = (await provenHere(ctx, person)) ? await proofs.bind(person, deviceOf(ctx), actorOf(ctx)) : 0
        back(ctx, bound > 0 ? 'bound' : 'nothing_bound')
      })

      // taking consent back only ever makes the account safer: no fresh sign-in is asked
      router.post('/withdraw', async (ctx) => {
        visitOf(ctx).back = base
        const visit = await centre.visit(ctx)
        if (!visit) return
        await consents.withdraw(visit.person, actorOf(ctx))
        back(ctx, 'withdrawn')
      })

      faceRoutes(router, parts, (ctx) => situation(ctx, centre))
    },
  }
}
