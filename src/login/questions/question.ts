import type { PromptQuestion } from '../../oidc/prompts.ts'
import type { Attempt } from '../attempt.ts'
import type { Router, RouterContext } from '../method.ts'

/** A question that a running login puts to a person: when it is open, its page, and the routes that take its answer. */
export interface Question<Name extends string, Deps> extends PromptQuestion {
  readonly name: Name
  /** Shows the page of the question. */
  ask(deps: Deps, ctx: RouterContext, attempt: Attempt): Promise<void>
  /** Adds the routes of the answer, under /login/:attempt; each asserts that its question is open. */
  routes?(router: Router, deps: Deps): void
}
