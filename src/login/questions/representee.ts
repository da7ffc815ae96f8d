import { maskName } from '../../accounts/identifiers/masking.ts'
import { everything, matterWords } from '../../accounts/mandates/matters.ts'
import type { Representation, Representations } from '../../accounts/mandates/representations.ts'
import type { NaturalPersons } from '../../accounts/natural-persons.ts'
import type { RepresenteeChoices } from '../../accounts/representee-choices.ts'
import type { AuditLog } from '../../audit/audit-log.ts'
import { levelToAct, selectRepresentee } from '../../representation/selection.ts'
import { showPage, requestOf } from '../../pages/request-context.ts'
import { assertQuestion, pathOf, type Attempt } from '../attempt.ts'
import { actorOf, type LoginQuestions } from '../host.ts'
import type { Router, RouterContext } from '../method.ts'
import { signedIn } from '../signed-in.ts'

export interface RepresenteeDeps {
  host: LoginQuestions
  persons: NaturalPersons
  representations: Representations
  choices: RepresenteeChoices
  audit: AuditLog
}

const self = 'self'
const isProven = ({ session }: Attempt) => (session?.level ?? 2) >= levelToAct

/** The question for whom the person acts at this portal: themself, an organisation, a relative. One click answers it. */
export function representeeQuestion(deps: RepresenteeDeps) {
  const { persons, representations, choices, audit, host } = deps

  async function ask(ctx: RouterContext, attempt: Attempt, refused = false): Promise<void> {
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

  /** The name of whom the person has come to act for in this login; undefined for themself. */
  async function chosen(attempt: Attempt): Promise<string | undefined> {
    const { person } = await signedIn(persons, attempt)
    const answer = (attempt.interaction.lastSubmission?.[selectRepresentee] as { principal?: string } | undefined)
      ?.principal
    const principalId = answer ?? (await choices.find(person.id, attempt.client.id)) ?? self
    return principalId === self ? undefined : (await representations.find(person.id, principalId))?.view.name
  }

  function routes(router: Router): void {
    router.post('/login/:attempt/representee', async (ctx) => {
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
        // the same for one that is not there, not theirs, or over
        const about = { ...actorOf(ctx), personId: person.id, clientId: attempt.client.id }
        await audit.record({ event: 'representee.refused', ...about, details: { parameter: 'representee' } })
        await ask(ctx, attempt, true)
        return
      }
      await choices.keep({ personId: person.id, clientId: attempt.client.id, principalId }, actorOf(ctx))
      await host.finish(ctx, { [selectRepresentee]: { principal: representee } })
    })
  }

  return { ask, chosen, routes }
}

function optionOf({ view, granted }: Representation, language: 'zh-CN' | 'en') {
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
