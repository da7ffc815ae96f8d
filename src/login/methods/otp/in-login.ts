import { z } from 'zod'
import { isHeld, type NaturalPerson } from '../../../accounts/natural-persons.ts'
import { amrOfToken } from '../../../assurance/levels.ts'
import { redirectTo } from '../../../pages/redirect.ts'
import { requestOf, showPage } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { typedDigits } from '../../../text/typed-digits.ts'
import { assertQuestion, pathOf, type Attempt } from '../../attempt.ts'
import type { LoginHost, LoginMethod, LoginProof, Router, RouterContext } from '../../method.ts'
import { sealedArtifacts, type SealedArtifacts } from '../../sealed-artifacts.ts'
import { tokensOf, type CheckCode } from './check-code.ts'
import { name, type OtpDeps } from './otp-deps.ts'

/** Seconds: as long as a running login usually has. */
const waitSeconds = 600

/** A password that was right in a running login, and still needs a code. */
const schema = z.object({ personId: z.string(), method: z.string(), amr: z.array(z.string()), epoch: z.number() })

type PasswordProven = z.infer<typeof schema>

interface CodeDeps extends OtpDeps {
  check: CheckCode
  proven: SealedArtifacts<PasswordProven>
}

/** Passwords that wait for a code. Each belongs to a running login, which belongs to one browser. */
const provenPasswords = (deps: OtpDeps) => sealedArtifacts(deps, 'otp-login', schema)

/** The code of a token in a running login: after the password, or for the level of a person who signed in before they had a token. */
export function codeInLogin(
  given: OtpDeps,
  check: CheckCode,
): Required<Pick<LoginMethod, 'asksAlso' | 'raises' | 'routes'>> {
  const deps: CodeDeps = { ...given, check, proven: provenPasswords(given) }
  return {
    asksAlso: (ctx, attempt, proof) => askAlso(deps, ctx, attempt, proof),
    raises: async (attempt) => (await whoRaises(deps, attempt)) !== undefined,
    routes: (router, host) => codeRoutes(router, host, deps),
  }
}

async function askAlso(deps: CodeDeps, ctx: RouterContext, attempt: Attempt, proof: LoginProof): Promise<boolean> {
  const { personId, method, amr } = proof
  if ((await tokensOf(deps, personId)).length === 0) return false
  const epoch = proof.epoch ?? (await deps.persons.find(personId))?.endings.epoch
  if (epoch === undefined) throw new Refusal('login_expired', 'the account is gone')
  await deps.proven.put(attempt.id, { personId, method, amr, epoch }, waitSeconds)
  redirectTo(ctx, pathOf(attempt, name))
  return true
}

/** The person whose session by password alone a code may raise. A text or a QR code is no reason: a token would count twice. */
async function whoRaises(deps: OtpDeps, { session }: Attempt): Promise<NaturalPerson | undefined> {
  if (!session || session.level > 2 || !session.amr.includes('pwd') || session.amr.includes('mfa')) return undefined
  const person = await deps.persons.find(session.personId)
  if (!person || person.status !== 'active' || person.identityLevel < 3 || isHeld(person, deps.clock()))
    return undefined
  return (await tokensOf(deps, person.id)).length > 0 ? person : undefined
}

/** The person who is asked, and the effect of a right code. */
interface Asked {
  attempt: Attempt
  person: NaturalPerson
  right(token: string): Promise<unknown>
}

function codeRoutes(router: Router, host: LoginHost, deps: CodeDeps): void {
  router.post('/start', async (ctx) => {
    const attempt = await host.attempt(ctx)
    assertQuestion(attempt, 'level')
    redirectTo(ctx, pathOf(attempt, name))
  })
  router.get('/', async (ctx) => {
    const asked = await askedOf(deps, host, ctx)
    if (asked) show(ctx, asked)
  })
  router.post('/', async (ctx) => {
    const asked = await askedOf(deps, host, ctx)
    if (asked) await take(deps, ctx, asked)
  })
}

/** Undefined where no code is asked for: the browser is led to the page of the login. */
async function askedOf(deps: CodeDeps, host: LoginHost, ctx: RouterContext): Promise<Asked | undefined> {
  const attempt = await host.attempt(ctx)
  requestOf(ctx).returnTo = pathOf(attempt)
  if (attempt.question === 'login') return afterPassword(deps, host, ctx, attempt)
  assertQuestion(attempt, 'level')
  const person = await whoRaises(deps, attempt)
  if (!person) return elsewhere(ctx, attempt)
  const raise = (token: string) =>
    host.raise(ctx, { method: name, personId: person.id, amr: [...amrOfToken], through: throughToken(token) })
  return { attempt, person, right: raise }
}

/** A removed token ends the sessions that it took part in. */
const throughToken = (token: string) => ({ methods: [name], authenticators: [token] })

function elsewhere(ctx: RouterContext, attempt: Attempt): undefined {
  redirectTo(ctx, pathOf(attempt))
}

async function afterPassword(
  deps: CodeDeps,
  host: LoginHost,
  ctx: RouterContext,
  attempt: Attempt,
): Promise<Asked | undefined> {
  const { proven, persons } = deps
  const waits = await proven.read(attempt.id)
  const person = waits && (await persons.find(waits.personId))
  if (!person) return elsewhere(ctx, attempt)
  return {
    attempt,
    person,
    async right(token) {
      const proof = await proven.take(attempt.id)
      if (proof?.personId !== person.id) return elsewhere(ctx, attempt)
      const amr = [...proof.amr, ...amrOfToken]
      return host.succeed(ctx, { ...proof, amr, through: throughToken(token), refusal: 'sign_in_ended' })
    },
  }
}

interface Problem {
  code: 'missing' | 'wrong' | 'wait'
  minutes: number
}

function show(ctx: RouterContext, { attempt }: Asked, problem?: Problem): void {
  const raises = attempt.question === 'level'
  const page = {
    portal: attempt.portal,
    action: pathOf(attempt, name),
    startUrl: pathOf(attempt),
    cancelAction: pathOf(attempt, 'cancel'),
    // the counter and the recovery hold a token that was lost
    lostUrl: raises ? '' : `/recover?back=${encodeURIComponent(pathOf(attempt))}`,
    csrf: requestOf(ctx).csrf(),
    problem,
  }
  if (problem?.code === 'wait') ctx.set('retry-after', String(problem.minutes * 60))
  showPage(ctx, 'otp/code', page, problem ? (problem.code === 'wait' ? 429 : 400) : 200)
}

async function take({ check }: CodeDeps, ctx: RouterContext, asked: Asked): Promise<void> {
  const code = typedDigits(requestOf(ctx).form['code'])
  if (code === '') return show(ctx, asked, { code: 'missing', minutes: 0 })
  const checked = await check(ctx, asked.person, code)
  if (checked.ok) {
    await asked.right(checked.token)
    return
  }
  const { waitMinutes: minutes } = checked
  show(ctx, asked, { code: minutes > 0 ? 'wait' : 'wrong', minutes })
}
