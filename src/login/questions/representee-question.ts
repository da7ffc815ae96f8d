import { interactionPolicy } from 'oidc-provider'
import { maskName } from '../../accounts/identifiers/masking.ts'
import { everything, matterWords } from '../../accounts/mandates/matters.ts'
import type { Representation, Representations } from '../../accounts/mandates/representations.ts'
import type { NaturalPersons } from '../../accounts/natural-persons.ts'
import type { RepresenteeChoices } from '../../accounts/representee-choices.ts'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { Language } from '../../pages/languages.ts'
import { showPage, requestOf } from '../../pages/request-context.ts'
import { levelToAct, selectRepresentee } from '../../representation/selection.ts'
import { actorOf } from '../actor.ts'
import { assertQuestion, pathOf, type Attempt } from '../attempt.ts'
import type { QuestionHost } from '../host.ts'
import type { RouterContext } from '../method.ts'
import { signedIn } from '../signed-in.ts'
import type { Question } from './question.ts'

export interface RepresenteeQuestionDeps {
  host: QuestionHost
  persons: NaturalPersons
  representations: Representations
  choices: RepresenteeChoices
  audit: AuditLog
}

const self = 'self'
const isProven = ({ session }: Attempt) => (session?.level ?? 2) >= levelToAct

/** For whom does the person act at this portal: for themself, an organisation or a relative? One click answers. */
export const representeeQuestion: Question<typeof selectRepresentee, RepresenteeQuestionDeps> = {
  name: selectRepresentee,
  requestable: true,

  // a portal that may not know the representee may not ask for the question: `mustAsk` reads `prompt` itself
  without: [`${selectRepresentee}_prompt`],

  checks: ({ representees }) => [
    new interactionPolicy.Check(
      'representee_open',
      'the person has to choose for whom they act',
      'interaction_required',
      (ctx) => representees.mustAsk(ctx),
    ),
  ],

  ask: (deps, ctx, attempt) => showChoices(deps, ctx, attempt, false),

  routes(router, deps) {
    router.post('/login/:attempt/representee', (ctx) => choose(deps, ctx))
  },
}

async function showChoices(deps: RepresenteeQuestionDeps, ctx: RouterContext, attempt: Attempt, refused: boolean) {
  const { persons, representations } = deps
  const { person } = await signedIn(persons, attempt)
  const request = requestOf(ctx)
  const hint = attempt.params['representee_hint']
  const all = isProven(attempt) ? await representations.of(person.id) : []
  const options = all.map((one) => optionOf(one, request.language))
  const meant = options.filter(({ id, uscc }) => id === hint || uscc === hint)
  showPage(
    ctx,
    'login/representee',
    {
      portal: attempt.portal,
      action: pathOf(attempt, 'representee'),
      cancelAction: pathOf(attempt, 'cancel'),
      csrf: request.csrf(),
      person: maskName(persons.open(person, 'name')),
      alone: attempt.client.representee !== 'required',
      options: [...meant, ...options.filter((option) => !meant.includes(option))],
      refused,
    },
    refused ? 400 : 200,
  )
}

async function choose(deps: RepresenteeQuestionDeps, ctx: RouterContext): Promise<void> {
  const { host, persons, representations, choices, audit } = deps
  const attempt = await host.attempt(ctx)
  assertQuestion(attempt, selectRepresentee)
  const { person } = await signedIn(persons, attempt)
  const { representee = '' } = requestOf(ctx).form
  const principalId = representee === self ? null : representee
  const may =
    principalId === null
      ? attempt.client.representee !== 'required'
      : isProven(attempt) && (await representations.find(person.id, principalId))?.granted !== undefined
  if (!may) {
    // one answer for a principal that does not exist, gave this person nothing, or whose mandate is over
    const about = { ...actorOf(ctx), personId: person.id, clientId: attempt.client.id }
    await audit.record({ event: 'representee.refused', ...about, details: { parameter: 'representee' } })
    await showChoices(deps, ctx, attempt, true)
    return
  }
  await choices.keep({ personId: person.id, clientId: attempt.client.id, principalId }, actorOf(ctx))
  await host.finish(ctx, { [selectRepresentee]: { principal: representee } })
}

/** The name of the principal that the person acts for in this login; undefined where they act for themself. */
export async function chosenPrincipal(
  { persons, representations, choices }: Omit<RepresenteeQuestionDeps, 'host' | 'audit'>,
  attempt: Attempt,
): Promise<string | undefined> {
  const { person } = await signedIn(persons, attempt)
  const answer = (attempt.interaction.lastSubmission?.[selectRepresentee] as { principal?: string } | undefined)
    ?.principal
  const principalId = answer ?? (await choices.find(person.id, attempt.client.id)) ?? self
  return principalId === self ? undefined : (await representations.find(person.id, principalId))?.view.name
}

function optionOf({ view, granted }: Representation, language: Language) {
  const matters = granted?.matters ?? []
  return {
    id: view.id,
    kind: view.kind,
    name: view.kind === 'legal_person' ? view.name : maskName(view.name),
    uscc: view.uscc ?? '',
    relation: granted?.relation ?? '',
    all: matters.includes(everything),
    matters: matters.filter((matter) => matter !== everything).map((matter) => matterWords(matter, language)),
    blockedBy: granted ? '' : (view.blockedBy ?? 'not_in_force'),
  }
}
