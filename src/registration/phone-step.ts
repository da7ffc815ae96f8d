import { parsePhone } from '../accounts/identifiers/phones.ts'
import { maskPhone } from '../accounts/identifiers/masking.ts'
import { byCarrier, byText, type PhoneProofs } from '../accounts/phone-proofs.ts'
import type { Opening } from '../accounts/natural-persons.ts'
import type { Settings } from '../config/settings.ts'
import type { PhoneCodes } from '../guards/phone-codes/phone-codes.ts'
import type { OneTapProofs } from '../guards/phone-codes/one-tap-proofs.ts'
import { typedCode, waitProblem, type TextProblem } from '../guards/phone-codes/typed-code.ts'
import type { Attempt } from '../login/attempt.ts'
import type { Router, RouterContext } from '../login/method.ts'
import { redirectTo } from '../pages/redirect.ts'
import { requestOf, showPage } from '../pages/request-context.ts'
import type { PhoneOwners } from '../proofing/phone-owners.ts'
import { phoneOf, type RegistrationInput } from './answers.ts'
import { draftOf, draftSeconds, type Draft, type DraftDeps, type DraftPlace } from './draft.ts'
import { registerPath } from './step-page.ts'

export interface PhoneStepDeps extends DraftDeps {
  phoneCodes: PhoneCodes
  oneTapProofs: OneTapProofs
  phoneProofs: Pick<PhoneProofs, 'holders'>
  phoneOwners: PhoneOwners
  phone: Settings['phone']
  /** Name of the login, for a registration outside a portal's login. */
  serviceName: string
  clock: () => number
}

const numberIn = ({ answers }: Draft): string | undefined => {
  const parsed = parsePhone(phoneOf(answers))
  return parsed.ok ? parsed.phone : undefined
}

/** Whether the number of these answers must still be proven. A number that gets no texts stays unproven. */
export function codeNeeded({ phoneCodes }: Pick<PhoneStepDeps, 'phoneCodes'>, draft: Draft): boolean {
  const phone = numberIn(draft)
  return phone !== undefined && phoneCodes.reaches(phone) && draft.proven !== phone && draft.without !== phone
}

/** What the registration has shown about the phone (`Opening`). Only the very number that was proven counts. */
export async function phoneShown(
  { phoneOwners }: Pick<PhoneStepDeps, 'phoneOwners'>,
  { proven, how = byText }: Draft,
  { phone, document, name }: Pick<RegistrationInput, 'phone' | 'document' | 'name'>,
): Promise<Pick<Opening, 'phoneProven' | 'possession'>> {
  const isProven = proven === phone
  const phoneProven = isProven ? how : undefined
  const claim = { phone, documentType: document.type, documentNumber: document.number, name }
  const owned = await phoneOwners.isOwner(claim)
  return { phoneProven, possession: isProven && owned === 'match' ? 'phone' : undefined }
}

const codePath = (attempt: Attempt | undefined) => `${registerPath(attempt)}/code`

/** The code is for this registration of this browser: the place of its answers is both. */
const codeFor = (place: DraftPlace, phone: string) => ({
  purpose: 'register' as const,
  act: place.id,
  browser: place.id,
  phone,
})

const send = (
  deps: PhoneStepDeps,
  ctx: RouterContext,
  attempt: Attempt | undefined,
  place: DraftPlace,
  phone: string,
) =>
  deps.phoneCodes.send(ctx, {
    ...codeFor(place, phone),
    portal: attempt?.portal.name ?? deps.serviceName,
    deliver: true,
  })

interface Registration {
  place: DraftPlace
  draft: Draft
}

/** Takes the word of the carrier for the number, where the form has its token; else a code proves it. @returns the draft after it */
export async function provenByCarrier(
  { phoneCodes, phoneProofs, oneTapProofs, phone: settings }: PhoneStepDeps,
  ctx: RouterContext,
  { place, draft }: Registration,
): Promise<Draft> {
  const phone = numberIn(draft)
  if (phone === undefined || !codeNeeded({ phoneCodes }, draft)) return draft
  if (!(await oneTapProofs.proves(ctx, phone))) return draft
  // the page of the code says that enough persons have it
  if ((await phoneProofs.holders(phone)).length >= settings.personsOfNumber) return draft
  const proven = { ...draft, proven: phone, how: byCarrier }
  await place.write(proven)
  return proven
}

/** Sends a code to a number that was not sent one yet, and leads to its page. */
export async function askForCode(
  deps: PhoneStepDeps,
  ctx: RouterContext,
  attempt: Attempt | undefined,
  { place, draft }: Registration,
): Promise<void> {
  const phone = numberIn(draft) ?? ''
  if (draft.texted !== phone) {
    const wait = await send(deps, ctx, attempt, place, phone)
    if (wait) return showCode(deps, ctx, attempt, phone, waitProblem(ctx, wait))
    await place.write({ ...draft, texted: phone })
  }
  return redirectTo(ctx, codePath(attempt))
}

async function showCode(
  deps: PhoneStepDeps,
  ctx: RouterContext,
  attempt: Attempt | undefined,
  phone: string,
  problem?: TextProblem,
): Promise<void> {
  const { clock, phoneCodes } = deps
  requestOf(ctx).returnTo = codePath(attempt)
  const data = {
    action: codePath(attempt),
    registerAction: registerPath(attempt),
    csrf: requestOf(ctx).csrf(),
    phone: maskPhone(phone),
    failed: await phoneCodes.failed(codeFor(draftOf(deps, ctx, attempt), phone)),
    again: ctx.query['sent'] === 'again',
    problem,
    seconds: draftSeconds,
    until: clock() + draftSeconds * 1000,
    ...(attempt ? { portal: attempt.portal } : {}),
  }
  showPage(ctx, 'register/code', data, problem?.status ?? 200)
}

type Step = (deps: PhoneStepDeps, ctx: RouterContext, attempt: Attempt | undefined) => Promise<void>

/** Runs a step where a number waits for its code; else the registration goes on. */
const whereNeeded =
  (
    step: (
      deps: PhoneStepDeps,
      ctx: RouterContext,
      attempt: Attempt | undefined,
      about: Registration & { phone: string },
    ) => unknown,
  ): Step =>
  async (deps, ctx, attempt) => {
    const place = draftOf(deps, ctx, attempt)
    const draft = await place.read()
    const phone = draft && numberIn(draft)
    if (!draft || phone === undefined || !codeNeeded(deps, draft)) return redirectTo(ctx, registerPath(attempt))
    await step(deps, ctx, attempt, { place, draft, phone })
  }

const codePage = whereNeeded((deps, ctx, attempt, { phone }) => showCode(deps, ctx, attempt, phone))

const sendAgain = whereNeeded(async (deps, ctx, attempt, { place, draft, phone }) => {
  const wait = await send(deps, ctx, attempt, place, phone)
  if (wait) return showCode(deps, ctx, attempt, phone, waitProblem(ctx, wait))
  await place.write({ ...draft, texted: phone })
  return redirectTo(ctx, `${codePath(attempt)}?sent=again`)
})

const goOnWithout = whereNeeded(async (_deps, ctx, attempt, { place, draft, phone }) => {
  await place.write({ ...draft, without: phone })
  redirectTo(ctx, registerPath(attempt))
})

const takeCode = whereNeeded(async (deps, ctx, attempt, { place, draft, phone }) => {
  const typed = typedCode(ctx)
  const problem = (code: string) => showCode(deps, ctx, attempt, phone, { code, minutes: 0, status: 400 })
  if (!typed) return problem('code_missing')
  const checked = await deps.phoneCodes.check(codeFor(place, phone), typed)
  if (checked !== 'right') return problem(`code_${checked}`)
  // the person holds the number, so its count may show
  if ((await deps.phoneProofs.holders(phone)).length >= deps.phone.personsOfNumber) return problem('full')
  await place.write({ ...draft, proven: phone, how: byText })
  return redirectTo(ctx, registerPath(attempt))
})

/** The page of the code at /register/code, and inside a running login. */
export function phoneRoutes(
  router: Router,
  deps: PhoneStepDeps,
  inLogin: (ctx: RouterContext, step: Step) => Promise<void>,
): void {
  const routes: ['get' | 'post', string, Step][] = [
    ['get', '', codePage],
    ['post', '', takeCode],
    ['post', '/again', sendAgain],
    ['post', '/without', goOnWithout],
  ]
  for (const [method, path, step] of routes) {
    router[method](`/register/code${path}`, (ctx) => step(deps, ctx, undefined))
    router[method](`/login/:attempt/register/code${path}`, (ctx) => inLogin(ctx, step))
  }
}
