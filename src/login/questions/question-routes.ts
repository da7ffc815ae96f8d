import { unmetRequirements } from '../../oidc/prompts.ts'
import { redirectTo } from '../../pages/redirect.ts'
import { actorOf } from '../actor.ts'
import type { Router, RouterContext } from '../method.ts'
import { questions, type QuestionDeps } from './questions.ts'

/** A running login: the page of its open question, the answers, and the way back to the portal. */
export function questionRoutes(router: Router, deps: QuestionDeps): void {
  router.get('/login/:attempt', async (ctx) => {
    const attempt = await deps.host.attempt(ctx)
    // a form sent again (http/same-form.ts); without the mark an answer that no longer holds would lead in a circle
    if (ctx.query['again'] !== undefined && attempt.answered) return redirectTo(ctx, attempt.interaction.returnTo)
    const open = questions.find(({ name }) => name === attempt.question)
    if (!open) throw new Error(`no question for the prompt ${attempt.question}`)
    await open.ask(deps, ctx, attempt)
    return undefined
  })
  router.post('/login/:attempt/cancel', (ctx) => cancel(deps, ctx))
  for (const question of questions) question.routes?.(router, deps)
}

/** Leads back to the portal with an error (OIDC Core 3.1.2.6). */
async function cancel({ host, audit }: QuestionDeps, ctx: RouterContext): Promise<void> {
  const attempt = await host.attempt(ctx)
  const details = { question: attempt.question }
  await audit.record({ event: 'portal.refused', ...actorOf(ctx), clientId: attempt.client.id, details })
  const unmet = attempt.question === 'level'
  await host.finish(ctx, {
    error: unmet ? unmetRequirements : 'access_denied',
    error_description: unmet ? 'the account does not reach the level' : 'the person went back',
  })
}
