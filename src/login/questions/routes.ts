import { mergeResources, type Consents, type Granted } from '../../accounts/consents.ts'
import { isHeld, type NaturalPersons } from '../../accounts/natural-persons.ts'
import { maskName, maskDocumentNumber, maskPhone } from '../../accounts/identifiers/masking.ts'
import { acrOf, levelReached } from '../../assurance/levels.ts'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { Clock } from '../../config/clock.ts'
import { attributesOf, personClaims, sensitiveClaims } from '../../oidc/claims.ts'
import { unmetRequirements } from '../../oidc/prompts.ts'
import { withinRegistration } from '../../oidc/registered.ts'
import { wordedScope, type Resources } from '../../oidc/resources.ts'
import type { Sessions } from '../../sessions/sessions.ts'
import { showPage, requestOf } from '../../pages/request-context.ts'
import { Refusal } from '../../refusal/refusal.ts'
import { assertQuestion, pathOf, type Attempt } from '../attempt.ts'
import { closingQuestion, type ClosingDeps } from './closing.ts'
import { actorOf, type LoginQuestions } from '../host.ts'
import type { Router, RouterContext } from '../method.ts'
import type { RegisterMatches } from '../../guards/register-matches.ts'
import { representeeQuestion, type RepresenteeDeps } from './representee.ts'
import { signedIn } from '../signed-in.ts'

export interface QuestionDeps extends RepresenteeDeps, ClosingDeps {
  host: LoginQuestions
  persons: NaturalPersons
  consents: Consents
  sessions: Sessions
  resources: Resources
  matches: RegisterMatches
  audit: AuditLog
  clock: Clock
}

const maskDate = (date: string) => `${date.slice(0, 4)}-**-**`

const masks: Record<string, (value: string) => string> = {
  birthdate: maskDate,
  name: maskName,
  id_number: maskDocumentNumber,
  phone_number: maskPhone,
}

/** Attributes whose values are codes, and where their words stand. */
const worded: Record<string, string> = { id_type: 'documents.', gender: 'attributes.gender_' }

/** The questions of a running login that are not about signing in: a higher level, consent; and the way back. */
export function questionRoutes(router: Router, deps: QuestionDeps): void {
  const { host, persons, consents, sessions, resources, matches, audit, clock } = deps

  const representee = representeeQuestion(deps)
  representee.routes(router)
  const closing = closingQuestion(deps)
  closing.routes(router)

  async function askConsent(ctx: RouterContext, attempt: Attempt) {
    const { person } = await signedIn(persons, attempt)
    const wanted = missing(attempt)
    const claims = personClaims(persons, person, clock)
    const request = requestOf(ctx)
    const actingFor = wanted.scopes.includes('representee') ? await representee.chosen(attempt) : undefined
    const attributes = attributesOf(wanted.scopes, wanted.claims).flatMap((name) => {
      const value = name === 'representee' ? actingFor : claims[name]
      if (typeof value !== 'string') return []
      const area = worded[name]
      const shown = area ? request.t(`${area}${value}`) : (masks[name]?.(value) ?? value)
      return [{ name, value: shown, sensitive: sensitiveClaims.has(name) }]
    })
    const permissions = Object.entries(wanted.resources).flatMap(([resource, scopes]) =>
      scopes.map((scope) => wordedScope(resources, resource, scope, request.language)),
    )
    showPage(ctx, 'login/consent', {
      portal: attempt.portal,
      action: pathOf(attempt, 'consent'),
      attributes,
      permissions,
      offline: wanted.scopes.includes('offline_access'),
      scanner: wanted.scopes.includes('qr'),
      person: maskName(persons.reveal(person).name),
      csrf: request.csrf(),
    })
  }

  async function askLevel(ctx: RouterContext, attempt: Attempt, tried: boolean) {
    const { session, person } = await signedIn(persons, attempt)
    const { portal, needed } = attempt
    const page = { portal, cancelAction: pathOf(attempt, 'cancel'), csrf: requestOf(ctx).csrf() }
    if (isHeld(person, clock()) && !session.amr.includes('user')) {
      showPage(ctx, 'login/held', { ...page, until: new Date(person.heldUntil ?? 0).toISOString() })
    } else {
      const raises = (await host.raisedBy(attempt)).map((name) => ({ name, action: `${pathOf(attempt, name)}/start` }))
      const action = pathOf(attempt, 'level')
      showPage(ctx, 'login/level', { ...page, needed, reached: session.level, action, raises, tried })
    }
  }

  router.get('/login/:attempt', async (ctx) => {
    const attempt = await host.attempt(ctx)
    if (attempt.question === 'login') await host.ask(ctx, attempt)
    else if (attempt.question === 'closing') await closing.ask(ctx, attempt)
    else if (attempt.question === 'level') await askLevel(ctx, attempt, false)
    else if (attempt.question === 'offer') await host.askOffer(ctx, attempt)
    else if (attempt.question === 'select_representee') await representee.ask(ctx, attempt)
    else await askConsent(ctx, attempt)
  })

  router.post('/login/:attempt/consent', async (ctx) => {
    const attempt = await host.attempt(ctx)
    assertQuestion(attempt, 'consent')
    const { person } = await signedIn(persons, attempt)
    const about = { ...actorOf(ctx), personId: person.id, clientId: attempt.client.id }
    const { decision } = requestOf(ctx).form
    if (decision === 'allow') {
      await consents.give(person.id, attempt.client.id, missing(attempt), actorOf(ctx))
      await host.finish(ctx, { consent: {} })
    } else if (decision === 'deny') {
      await audit.record({ event: 'consent.refused', ...about })
      await host.finish(ctx, { error: 'access_denied', error_description: 'the person refused' })
    } else {
      throw new Refusal('bad_request', 'no decision')
    }
  })

  router.post('/login/:attempt/level', async (ctx) => {
    const attempt = await host.attempt(ctx)
    assertQuestion(attempt, 'level')
    const { session, person: before } = await signedIn(persons, attempt)
    const silent = before.identityLevel < 3 && (await matches.silent(persons.reveal(before)))
    const person = await persons.proof(session.personId, actorOf(ctx), { silent })
    const held = person !== undefined && isHeld(person, clock())
    const level = levelReached({ identityLevel: person?.identityLevel ?? 2, amr: session.amr, held })
    if (level <= session.level) {
      await askLevel(ctx, attempt, true)
      return
    }
    const ts = (await sessions.find(session.uid))?.signedInAt
    if (ts === undefined) throw new Refusal('login_expired', 'the session ended')
    const login = { accountId: session.personId, acr: acrOf(level), amr: session.amr, remember: false, ts }
    await host.finish(ctx, { login })
  })

  router.post('/login/:attempt/cancel', async (ctx) => {
    const attempt = await host.attempt(ctx)
    const unmet = attempt.question === 'level'
    const details = { question: attempt.question }
    await audit.record({ event: 'portal.refused', ...actorOf(ctx), clientId: attempt.client.id, details })
    await host.finish(ctx, {
      error: unmet ? unmetRequirements : 'access_denied',
      error_description: unmet ? 'the account does not reach the level' : 'the person went back',
    })
  })
}

/** What the consent question found missing (oidc-provider's consent prompt and ours put it into its details). */
function missing({ client, interaction }: Attempt): Granted {
  const {
    missingOIDCScope: scopes = [],
    missingOIDCClaims: claims = [],
    missingResourceScopes = {},
    missingExchangeScopes = {},
  } = interaction.prompt.details as {
    missingOIDCScope?: string[]
    missingOIDCClaims?: string[]
    missingResourceScopes?: Record<string, string[]>
    missingExchangeScopes?: Record<string, string[]>
  }
  const resources = mergeResources(missingResourceScopes, missingExchangeScopes)
  return withinRegistration({ scopes, claims, resources }, client)
}
