import { isHeld, type NaturalPerson, type NaturalPersons } from '../../accounts/natural-persons.ts'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { Clock } from '../../config/clock.ts'
import { showPage, requestOf } from '../../pages/request-context.ts'
import { Refusal } from '../../refusal/refusal.ts'
import { actorOf } from '../actor.ts'
import { pathOf } from '../attempt.ts'
import type { QuestionHost } from '../host.ts'
import type { LoginMethod, Offer, Router, SignedIn } from '../method.ts'
import { possessionOffer as name } from '../possession-asked.ts'
import { signedIn } from '../signed-in.ts'

export interface PossessionOfferDeps {
  methods: readonly LoginMethod[]
  persons: NaturalPersons
  audit: AuditLog
  clock: Clock
  /** End of the rule before (ms since 1970 UTC), where the settings have one. */
  oldProofsUntil: number | undefined
  /** Sign-ins for this client get no offer: the account centre has it on a page. */
  ownClientId: string
}

/** Level 3 by a name and a number alone: the rule before (DESIGN 1.4). */
const byOldRule = ({ status, identityLevel, possession }: NaturalPerson) =>
  status === 'active' && identityLevel === 3 && possession === null

const waysOf = async (methods: readonly LoginMethod[], who: SignedIn) => {
  const ways = await Promise.all(methods.map(async (method) => (await method.showsPossession?.(who)) ?? false))
  return methods.filter((_, index) => ways[index]).map((method) => method.name)
}

/** Asks once in a person's life, where a way is open to them in this sign-in. */
export function possessionOffer(deps: PossessionOfferDeps): Offer {
  const { methods, persons, audit, clock, oldProofsUntil, ownClientId } = deps
  return {
    async due({ clientId, personId, amr, person: read }) {
      if (clientId === ownClientId) return false
      const person = await read()
      if (!person || !byOldRule(person) || person.row.possession_asked_at !== null) return false
      return !isHeld(person, clock()) && (await waysOf(methods, { personId, amr })).length > 0
    },

    async ask(ctx, attempt) {
      const { session, person } = await signedIn(persons, attempt)
      const open = byOldRule(person) ? await waysOf(methods, session) : []
      const ways = open.map((way) => ({ name: way, action: `${pathOf(attempt, way)}/start` }))
      const page = { ways, until: oldProofsUntil, action: pathOf(attempt, name), csrf: requestOf(ctx).csrf() }
      showPage(ctx, 'login/possession-offer', page)
      if (!(await persons.markPossessionAsked(person.id))) return
      const about = { personId: person.id, clientId: attempt.client.id }
      await audit.record({ event: 'person.possession-asked', ...actorOf(ctx), ...about })
    },
  }
}

/** The answer `later`; the ways have routes of their own, which end in `LoginHost.offered`. */
export function possessionAnswer(router: Router, { host }: { host: QuestionHost }): void {
  router.post(`/login/:attempt/${name}`, async (ctx) => {
    await host.attempt(ctx)
    if (requestOf(ctx).form['decision'] !== 'later') throw new Refusal('bad_request', 'no decision')
    await host.offered(ctx)
  })
}
