import { interactionPolicy } from 'oidc-provider'
import { isHeld, type NaturalPersons } from '../../accounts/natural-persons.ts'
import type { TwoFactors } from '../../accounts/two-factors.ts'
import { acrOf, isPasswordAlone, levelOf, levelReached } from '../../assurance/levels.ts'
import type { Clock } from '../../config/clock.ts'
import type { RegisterMatches } from '../../guards/register-matches.ts'
import { neededLevel, unmetRequirements } from '../../oidc/prompts.ts'
import { showPage, requestOf } from '../../pages/request-context.ts'
import { Refusal } from '../../refusal/refusal.ts'
import type { Sessions } from '../../sessions/sessions.ts'
import { actorOf } from '../actor.ts'
import { assertQuestion, pathOf, type Attempt } from '../attempt.ts'
import type { QuestionHost } from '../host.ts'
import type { LoginMethod, RouterContext } from '../method.ts'
import { signedIn } from '../signed-in.ts'
import type { Question } from './question.ts'

export interface LevelQuestionDeps {
  host: QuestionHost
  methods: readonly LoginMethod[]
  persons: NaturalPersons
  sessions: Sessions
  matches: RegisterMatches
  twoFactors: TwoFactors
  clock: Clock
}

/** Is the person proven well enough for this portal? The register or another login method may raise the level. */
export const levelQuestion: Question<'level', LevelQuestionDeps> = {
  name: 'level',

  checks: ({ findClient }) => [
    new interactionPolicy.Check(
      'level_too_low',
      'a higher level of assurance is required',
      unmetRequirements,
      async ({ oidc }) => {
        const client = await findClient(String(oidc.params?.['client_id']))
        const reached = levelOf(oidc.acr) ?? 2
        return !client || reached < neededLevel(client, oidc.params ?? {})
      },
    ),
  ],

  ask: (deps, ctx, attempt) => showLevelPage(deps, ctx, attempt, false),

  routes(router, deps) {
    router.post('/login/:attempt/level', (ctx) => checkRegister(deps, ctx))
  },
}

/** `tried`: the register was asked, and the level is still too low. */
async function showLevelPage(deps: LevelQuestionDeps, ctx: RouterContext, attempt: Attempt, tried: boolean) {
  const { session, person } = await signedIn(deps.persons, attempt)
  const { portal, needed } = attempt
  const page = { portal, cancelAction: pathOf(attempt, 'cancel'), csrf: requestOf(ctx).csrf() }
  if (isHeld(person, deps.clock()) && !session.amr.includes('user')) {
    showPage(ctx, 'login/held', { ...page, until: new Date(person.heldUntil ?? 0).toISOString() })
    return
  }
  const names = await methodsThatRaise(deps.methods, attempt, ctx.get('user-agent'))
  const raises = names.map((name) => ({ name, action: `${pathOf(attempt, name)}/start` }))
  const action = pathOf(attempt, 'level')
  // the register says nothing about a factor
  const two = session.level < 3 && (await lacksSecond(deps, session))
  const checkable = session.level < 3 && person.possession !== null && !two
  showPage(ctx, 'login/level', { ...page, needed, reached: session.level, action, raises, checkable, two, tried })
}

/** Whether the person needs a second factor beside the password of this session. */
const lacksSecond = async ({ twoFactors }: LevelQuestionDeps, { personId, amr }: { personId: string; amr: string[] }) =>
  isPasswordAlone(amr) && (await twoFactors.needed(personId))

/** The methods that could raise the level of the person who is signed in. */
async function methodsThatRaise(
  methods: readonly LoginMethod[],
  attempt: Attempt,
  userAgent: string,
): Promise<string[]> {
  const useful = await Promise.all(methods.map(async (method) => (await method.raises?.(attempt, userAgent)) ?? false))
  return methods.filter((_, index) => useful[index]).map(({ name }) => name)
}

/** Compares the person with the population register, and goes on where that raises their level. */
async function checkRegister(deps: LevelQuestionDeps, ctx: RouterContext): Promise<void> {
  const { host, persons, sessions, matches, twoFactors, clock } = deps
  const attempt = await host.attempt(ctx)
  assertQuestion(attempt, 'level')
  const { session, person: before } = await signedIn(persons, attempt)
  const silent = before.identityLevel < 3 && (await matches.silent(persons.reveal(before)))
  const person = await persons.proof(session.personId, actorOf(ctx), { silent })
  const held = person !== undefined && isHeld(person, clock())
  const needsTwo = await twoFactors.needed(session.personId)
  const level = levelReached({ identityLevel: person?.identityLevel ?? 2, amr: session.amr, held, needsTwo })
  if (level <= session.level) {
    await showLevelPage(deps, ctx, attempt, true)
    return
  }
  const ts = (await sessions.find(session.uid))?.signedInAt
  if (ts === undefined) throw new Refusal('login_expired', 'the session ended')
  const login = { accountId: session.personId, acr: acrOf(level), amr: session.amr, remember: false, ts }
  await host.finish(ctx, { login })
}
