import { randomUUID } from 'node:crypto'
import { usualDays, longestDays } from '../accounts/mandates/decide-act.ts'
import { matterWords, mattersFor } from '../accounts/mandates/matters.ts'
import type { Principals } from '../accounts/mandates/principals.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { AccountRouter } from '../login/account-router.ts'
import type { AccountContext, RouterContext } from '../login/method.ts'
import { requestOf } from '../pages/request-context.ts'
import { mandateData, membersFor, principalData, type MembersDeps } from './mandate-data.ts'
import { mandateDone } from './mandate-done.ts'
import { problemsOf, readOffer, tickedMatters } from './mandate-form.ts'
import { beginAct, type SigningDeps } from './mandate-signing.ts'
import { leadToOffered } from './offered-code.ts'

interface HelperDeps extends SigningDeps, MembersDeps {
  principals: Principals
  blindIndex: BlindIndex
}

const room = '/account/helpers'
/** Days a helper's mandate may last. The shortest is chosen until the giver chooses another. */
const periods = ['7', String(usualDays.natural_person), String(longestDays.natural_person)]

/** Relatives who act for the person, and relatives they act for (亲友代办). */
export function helperRoutes(router: AccountRouter, deps: HelperDeps): void {
  router.get(room, 'sign-in', (ctx, account) => showHelpers(deps, ctx, account))
  router.post(room, { back: room, needs: 'grant-mandates' }, (ctx, account) => offer(deps, ctx, account))
}

async function showHelpers(
  deps: HelperDeps,
  ctx: RouterContext,
  { person, session }: AccountContext,
  problems: Record<string, string> = {},
) {
  const { form, language } = requestOf(ctx)
  const own = await deps.principals.view(person.id)
  const helpers = own ? await membersFor(deps, { view: own, granted: undefined }, person.id, language) : []
  const all = await deps.representations.of(person.id)
  const helped = all
    .filter(({ view }) => view.kind === 'natural_person')
    .map((one) => ({
      ...principalData(one),
      mandates: one.view.affairs.mandates
        .filter(({ personId }) => personId === person.id)
        .map((mandate) => mandateData(mandate, language)),
    }))
  const data = {
    acted: await mandateDone(deps, ctx, { person, session }),
    helpers,
    helped,
    level: person.identityLevel,
    matters: mattersFor('natural_person').map((name) => ({ name, words: matterWords(name, language) })),
    ticked: tickedMatters('natural_person', form),
    periods,
    once: randomUUID(),
    values: {
      name: form['name'] ?? '',
      contact: form['contact'] ?? '',
      days: form['days'] ?? periods[0] ?? '',
    },
    problems,
  }
  const status = Object.keys(problems).length > 0 ? 400 : 200
  await deps.centre.show(ctx, { person, session }, 'account/helpers', data, status)
}

async function offer(deps: HelperDeps, ctx: RouterContext, account: AccountContext): Promise<void> {
  const { form } = requestOf(ctx)
  const matters = tickedMatters('natural_person', form)
  const read = readOffer(deps.blindIndex, form, { matters, periods })
  if (!read.ok) return showHelpers(deps, ctx, account, read.problems)
  const invitedId = (await deps.persons.findByIdentifier([read.contact]))?.id
  const now = deps.clock()
  const acted = await beginAct(deps, ctx, account, {
    type: 'offer',
    principalId: account.person.id,
    offering: {
      role: 'helper',
      matters,
      notBefore: now,
      expiresAt: now + read.lastsMs,
      invitee: read.invitee,
      invitedId,
    },
  })
  if (!acted) return undefined
  if (!acted.ok) return showHelpers(deps, ctx, account, problemsOf(acted))
  return leadToOffered(deps, ctx, account, { name: read.invitee.name, acted })
}
