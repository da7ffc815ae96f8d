import { byText, mayProveMore } from '../../../accounts/phone-proofs.ts'
import type { NaturalPerson } from '../../../accounts/natural-persons.ts'
import { maskPhone } from '../../../accounts/identifiers/masking.ts'
import { isDirect, limitedWay } from '../../../assurance/levels.ts'
import { typedCode, waitProblem, type TextProblem } from '../../../guards/phone-codes/typed-code.ts'
import { redirectTo } from '../../../pages/redirect.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { actorOf } from '../../actor.ts'
import { assertQuestion, pathOf, type Attempt } from '../../attempt.ts'
import type { LoginHost, Router, RouterContext, SignedIn } from '../../method.ts'
import { asksPossession } from '../../possession-asked.ts'
import { proveByPhone } from '../../prove-by-phone.ts'
import { showOwn } from './pages.ts'
import { amr, name, type SmsDeps } from './sms-deps.ts'

/** Whether a code to the person's own phone may lead from level 2 to 3 (DESIGN 1.4). */
export const raisesLevel = async (deps: SmsDeps, { session }: Attempt): Promise<boolean> =>
  session !== undefined && isOpenTo(deps, session, ({ identityLevel }) => identityLevel < 3)

/** Whether a code to the person's own phone may show that they are the one. */
export const showsPossession = (deps: SmsDeps, who: SignedIn): Promise<boolean> =>
  isOpenTo(deps, who, ({ possession }) => possession === null)

async function isOpenTo(
  { settings, persons, phoneCodes, methodLocks }: SmsDeps,
  { personId, amr: signedInBy }: SignedIn,
  lacks: (person: NaturalPerson) => boolean,
): Promise<boolean> {
  if (settings.phone.owners === 'none' || !isDirect(signedInBy)) return false
  const person = await persons.find(personId)
  if (!person || !lacks(person) || (await methodLocks.locked(person.id, name))) return false
  return phoneCodes.reaches(persons.open(person, 'phone'))
}

/** The routes of the question about the level, and of the offer to show a possession. */
export function raiseRoutes(router: Router, host: LoginHost, deps: SmsDeps): void {
  router.post('/start', async (ctx) => send(deps, ctx, await own(deps, host, ctx)))
  router.get('/own', async (ctx) => {
    const about = await own(deps, host, ctx)
    show(ctx, about, undefined, await deps.phoneCodes.failed(codeFor(ctx, about)))
  })
  router.post('/own', async (ctx) => take(deps, host, ctx, await own(deps, host, ctx)))
}

interface Own {
  attempt: Attempt
  person: NaturalPerson
  phone: string
}

/** @throws Refusal `login_expired`, `sms_refused` where a text raises nothing */
async function own(deps: SmsDeps, host: LoginHost, ctx: RouterContext): Promise<Own> {
  const attempt = await host.attempt(ctx)
  const offered = asksPossession(attempt)
  if (!offered) assertQuestion(attempt, 'level')
  requestOf(ctx).returnTo = pathOf(attempt)
  const person = attempt.session && (await deps.persons.find(attempt.session.personId))
  if (!attempt.session || person?.status !== 'active') throw new Refusal('login_expired', 'no person is signed in')
  const open = offered ? await showsPossession(deps, attempt.session) : await raisesLevel(deps, attempt)
  if (!open) throw new Refusal('sms_refused', 'a text raises no level here')
  return { attempt, person, phone: deps.persons.open(person, 'phone') }
}

const codeFor = (ctx: RouterContext, { attempt, phone }: Own) => ({
  purpose: 'bind' as const,
  act: attempt.id,
  browser: requestOf(ctx).device(),
  phone,
})

const show = (ctx: RouterContext, { attempt, phone }: Own, problem?: TextProblem, failed = false) =>
  showOwn(ctx, attempt, { phone: maskPhone(phone), failed }, problem)

async function send(deps: SmsDeps, ctx: RouterContext, about: Own): Promise<void> {
  const { attempt, person } = about
  const asked = { ...codeFor(ctx, about), portal: attempt.portal.name, personId: person.id, deliver: true }
  const wait = await deps.phoneCodes.send(ctx, asked)
  if (wait) show(ctx, about, waitProblem(ctx, wait))
  else redirectTo(ctx, pathOf(attempt, `${name}/own`))
}

async function take(deps: SmsDeps, host: LoginHost, ctx: RouterContext, about: Own): Promise<void> {
  const { attempt, person, phone } = about
  const typed = typedCode(ctx)
  if (!typed) return show(ctx, about, { code: 'code_missing' })
  const checked = await deps.phoneCodes.check(codeFor(ctx, about), typed)
  if (checked !== 'right') return show(ctx, about, { code: `code_${checked}` })
  const hands = await deps.phoneProofs.checkHands({ personId: person.id, phone })
  if (!mayProveMore(hands)) return show(ctx, about, { code: hands === 'changed' ? 'recycled' : 'unchecked' })
  const proof = { personId: person.id, phone, how: byText }
  // two codes to one number prove no more than the first
  if (limitedWay(attempt.session?.amr ?? []) !== name) await deps.phoneProofs.recordAlone(proof, actorOf(ctx))
  const proved = await proveByPhone(deps, ctx, person.id, phone)
  if (!proved || proved.identityLevel < 3 || proved.possession === null) return show(ctx, about, { code: 'not_own' })
  if (asksPossession(attempt)) return host.offered(ctx)
  return host.raise(ctx, { method: name, personId: person.id, amr })
}
