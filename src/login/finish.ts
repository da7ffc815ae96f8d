import { errors, type InteractionResults } from 'oidc-provider'
import type { LoginBrowsers } from '../oidc/login-browser.ts'
import { redirectTo } from '../pages/redirect.ts'
import type { Attempt } from './attempt.ts'
import type { RouterContext } from './method.ts'

export interface FinishDeps {
  logins: LoginBrowsers
}

/**
 * Answers the open question: hands `result` to oidc-provider and redirects the browser to it.
 * @throws LoginWentOn where another answer was faster, and the login has gone on
 */
export async function finish(
  { logins }: FinishDeps,
  ctx: RouterContext,
  { id }: Pick<Attempt, 'id'>,
  result: InteractionResults,
): Promise<void> {
  const interaction = await logins.find(ctx, id)
  interaction.result = 'error' in result ? result : { ...interaction.lastSubmission, ...result }
  if (result.login) logins.proven(ctx, interaction)
  await interaction.persist().catch(async (error: unknown) => {
    throw (error instanceof errors.SessionNotFound ? await logins.wentOn(ctx, id) : undefined) ?? error
  })
  redirectTo(ctx, interaction.returnTo)
}
