import { errors } from 'oidc-provider'
import { levelOf, type Level } from '../assurance/levels.ts'
import type { Client } from '../clients/clients.ts'
import type { Interaction, LoginBrowsers } from '../oidc/login-browser.ts'
import { formTarget, portalOf, type PagePortal } from '../oidc/pages.ts'
import { neededLevel } from '../oidc/prompts.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { RouterContext } from './method.ts'
import type { QuestionName } from './questions/questions.ts'

/** A running login: the portal, its request, the session there is, and the open question. */
export interface Attempt {
  id: string
  /** The open question: every handler asserts the one it answers. */
  question: QuestionName
  /** This browser answered it; the login waits for the browser to go on. */
  answered: boolean
  client: Client
  portal: PagePortal
  /** The authorization request. */
  params: Record<string, unknown>
  needed: Level
  /** The signed-in person, when there is a session. */
  session: { personId: string; uid: string; amr: string[]; level: Level } | undefined
  interaction: Interaction
}

/** Path of a page of a login. Several logins may run in one browser at the same time. */
export function pathOf(attempt: { id: string }, step = ''): string {
  return `/login/${attempt.id}${step && `/${step}`}`
}

/**
 * Loads the login that the path of the request names.
 * @throws Refusal `login_expired` when it belongs to another browser or its time is over, `client_paused`
 */
export async function loadAttempt(
  ctx: RouterContext,
  logins: LoginBrowsers,
  findClient: (id: string) => Promise<Client | undefined>,
): Promise<Attempt> {
  const interaction = await logins.find(ctx, String(ctx['params']['attempt'])).catch((error: unknown) => {
    if (error instanceof errors.SessionNotFound) throw new Refusal('login_expired', error.error_description)
    throw error
  })
  const { params, session, prompt } = interaction
  const client = await findClient(String(params['client_id']))
  if (!client) throw new Refusal('client_paused', 'the portal was suspended or deleted since')

  const request = requestOf(ctx)
  request.wish(typeof params['ui_locales'] === 'string' ? params['ui_locales'] : '')
  request.returnTo = pathOf({ id: interaction.uid })
  // the device flow redirects to no portal
  if (typeof params['redirect_uri'] === 'string') request.formTargets.push(formTarget(params['redirect_uri']))
  return {
    id: interaction.uid,
    // oidc-provider has no other prompts: createPrompts makes them from the questions
    question: prompt.name as QuestionName,
    answered: logins.answered(ctx, interaction),
    client,
    portal: portalOf(client, request.language, params['redirect_uri']),
    params,
    needed: neededLevel(client, params),
    session: session?.accountId
      ? {
          personId: session.accountId,
          uid: session.uid,
          amr: session.amr ?? [],
          level: levelOf(session.acr) ?? 2,
        }
      : undefined,
    interaction,
  }
}

/** @throws Refusal `login_expired` when the form of one question arrives while another is open */
export function assertQuestion(attempt: Attempt, question: QuestionName): void {
  if (attempt.question !== question) throw new Refusal('login_expired', `${attempt.question} is asked, not ${question}`)
}
