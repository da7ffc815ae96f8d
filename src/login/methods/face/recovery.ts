import { readIdentifier } from '../../../accounts/identifiers/identify.ts'
import { addressKeys } from '../../../keys/address-keys.ts'
import { redirectTo } from '../../../pages/redirect.ts'
import { showPage, requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { actorOf } from '../../actor.ts'
import type { RecoveryHost, RecoveryWay, RouterContext } from '../../method.ts'
import { whereTyped } from './face-limits.ts'
import { name, type FaceDeps } from './face-deps.ts'
import { faceRoutes, type Situation } from './face-routes.ts'
import { mayBeCompared, type CheckDeps } from './judge-check.ts'

const base = `/recover/${name}`
const longestTyped = 64

/**
 * 刷脸 for a forgotten password: identifier and document number, then the face against the register's photograph. Every person gets
 * the same pages. An unknown, unproven or unwilling one fails as a stranger does.
 */
export function faceRecovery(deps: CheckDeps): RecoveryWay {
  const offered = () => deps.faceVerifiers('recovery').length > 0

  return {
    offered,
    routes(router, host) {
      router.get('/', (ctx) => showForm(ctx, host.backTo(ctx.query['back']), offered()))
      router.get('/ready', async (ctx) => showConsent(ctx, await situationOf(deps, ctx, host)))
      router.post('/identify', (ctx) => identify(deps, ctx, host, offered()))
      faceRoutes(router, deps, (ctx) => situationOf(deps, ctx, host))
    },
  }
}

function showForm(
  ctx: RouterContext,
  back: string,
  offered: boolean,
  { identifier = '', problems = {} }: { identifier?: string; problems?: Record<string, string> } = {},
): void {
  if (!offered) throw new Refusal('not_found', 'no verifier for a recovery')
  const request = requestOf(ctx)
  request.returnTo = `${base}?back=${encodeURIComponent(back)}`
  const status = Object.keys(problems).length > 0 ? 400 : 200
  showPage(
    ctx,
    'face/recover',
    { back, identifier, problems, action: `${base}/identify`, csrf: request.csrf() },
    status,
  )
}

/** Remembers who was typed, and leads to the consent. The answer and the work are the same for every person. */
async function identify(deps: CheckDeps, ctx: RouterContext, host: RecoveryHost, offered: boolean): Promise<void> {
  const { persons, limits, blindIndex } = deps
  const { form } = requestOf(ctx)
  const back = host.backTo(form['back'])
  const typed = (field: string) => (form[field] ?? '').trim().slice(0, longestTyped)
  const [identifier, number] = [typed('identifier'), typed('document_number')]
  const problems = {
    ...(identifier ? {} : { identifier: 'identifier_required' }),
    ...(number ? {} : { document_number: 'document_number_required' }),
  }
  if (!offered || Object.keys(problems).length > 0) return showForm(ctx, back, offered, { identifier, problems })
  await limits.identify(requestOf(ctx))
  const person = await persons.findByIdentifier(readIdentifier(identifier))
  const fits = readIdentifier(number)
    .filter((reading) => reading.kind === 'document')
    .map((reading) => persons.isOnRecord(person, reading))
  const able = person && (await mayBeCompared(deps, person)) && fits.includes(true)
  const who = able ? person.id : `nobody ${blindIndex('tries', `${identifier}\0${number}`.toLowerCase())}`
  await host.claim(ctx, { way: name, who, epoch: person?.endings.epoch ?? 0, agreed: false, back })
  return redirectTo(ctx, `${base}/ready`)
}

/** Asks every person, known or not; the consent is of the person before the camera. */
function showConsent(ctx: RouterContext, { base: at, elsewhere, show }: Situation): Promise<void> {
  const request = requestOf(ctx)
  request.returnTo = `${base}/ready`
  return show('face/consent', { base: at, elsewhere, csrf: request.csrf(), young: false, declares: true })
}

async function situationOf(deps: FaceDeps, ctx: RouterContext, host: RecoveryHost): Promise<Situation> {
  const { persons, blindIndex, faceConsents } = deps
  const claim = await host.claimed(ctx, name)
  const { who: said, holder, agreed, back } = claim
  const [here = { key: '', factor: 1 }] = addressKeys(blindIndex, requestOf(ctx))
  const person = await persons.find(said)
  return {
    // counted apart: strangers who know the number must not use up the tries of the owner's own sign-in
    who: `recovery ${said} ${here.key}`,
    counted: whereTyped('recovery', said, here.key),
    person,
    purpose: 'recovery',
    holder,
    base,
    elsewhere: `/recover?back=${encodeURIComponent(back)}`,
    show: async (view, data, status) => showPage(ctx, view, data, status),
    consent: { given: agreed, give: () => host.keep({ ...claim, agreed: true }) },
    async passed() {
      if (person) await faceConsents.give(person, actorOf(ctx))
      await host.proven(ctx, claim, 'face')
    },
  }
}
