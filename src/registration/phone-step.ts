import { parsePhone } from '../accounts/identifiers/phones.ts'
import { maskPhone } from '../accounts/identifiers/masking.ts'
import { byCarrier, byText, byWechat, type PhoneProofs } from '../accounts/phone-proofs.ts'
import type { Opening } from '../accounts/natural-persons.ts'
import type { Channels } from '../channels/channel-client.ts'
import { phoneChannelIn } from '../channels/phone-channel.ts'
import type { PhoneTickets } from '../channels/phone-tickets.ts'
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
import { draftOf, draftSeconds, type Draft, type DraftDeps, type DraftPlace, type ProvenBy } from './draft.ts'
import { registerPath } from './step-page.ts'

export interface PhoneStepDeps extends DraftDeps {
  phoneCodes: PhoneCodes
  oneTapProofs: OneTapProofs
  phoneProofs: Pick<PhoneProofs, 'holders'>
  phoneOwners: PhoneOwners
  channels: Pick<Channels, 'list'>
  phoneTickets: PhoneTickets
  phone: Settings['phone']
  /** Name of the login, for a registration outside a portal's login. */
  serviceName: string
  clock: () => number
}

const numberIn = ({ answers }: Draft): string | undefined => {
  const parsed = parsePhone(phoneOf(answers))
  return parsed.ok ? parsed.phone : undefined
}

/** The mini program around the page, which can bring the number in place of a code. */
const miniProgram = ({ channels }: PhoneStepDeps, ctx: RouterContext, attempt: Attempt | undefined) =>
  phoneChannelIn(channels.list, { userAgent: ctx.get('user-agent'), clientId: attempt?.client.id })

/** Whether the number of these answers must still be proven. A number that nothing can prove here stays unproven. */
export function proofNeeded(
  deps: PhoneStepDeps,
  ctx: RouterContext,
  attempt: Attempt | undefined,
  draft: Draft,
): boolean {
  const phone = numberIn(draft)
  if (phone === undefined || draft.proven === phone || draft.without === phone) return false
  return deps.phoneCodes.reaches(phone) || miniProgram(deps, ctx, attempt) !== undefined
}

/** What the registration has shown about the phone (`Opening`). Only the very number that was proven counts. */
export async function phoneShown(
  { phoneOwners }: Pick<PhoneStepDeps, 'phoneOwners'>,
  { proven, provenBy = byText }: Draft,
  { phone, document, name }: Pick<RegistrationInput, 'phone' | 'document' | 'name'>,
): Promise<Pick<Opening, 'phoneProven' | 'possession'>> {
  const isProven = proven === phone
  const phoneProven = isProven ? provenBy : undefined
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
  deps: PhoneStepDeps,
  ctx: RouterContext,
  attempt: Attempt | undefined,
  { place, draft }: Registration,
): Promise<Draft> {
  const { phoneProofs, oneTapProofs, phone: settings } = deps
  const phone = numberIn(draft)
  if (phone === undefined || !proofNeeded(deps, ctx, attempt, draft)) return draft
  if (!(await oneTapProofs.proves(ctx, phone))) return draft
  // the page of the code says that enough persons have it
  if ((await phoneProofs.holders(phone)).length >= settings.personsOfNumber) return draft
  const proven = { ...draft, proven: phone, provenBy: byCarrier }
  await place.write(proven)
  return proven
}

/** Sends a code to a number that has got none yet, and leads to the page that proves it. */
export async function askForProof(
  deps: PhoneStepDeps,
  ctx: RouterContext,
  attempt: Attempt | undefined,
  { place, draft }: Registration,
): Promise<void> {
  const phone = numberIn(draft) ?? ''
  if (draft.texted !== phone && deps.phoneCodes.reaches(phone)) {
    const wait = await send(deps, ctx, attempt, place, phone)
    if (wait) return showCode(deps, ctx, attempt, { place, phone }, waitProblem(ctx, wait))
    await place.write({ ...draft, texted: phone })
  }
  return redirectTo(ctx, codePath(attempt))
}

async function showCode(
  deps: PhoneStepDeps,
  ctx: RouterContext,
  attempt: Attempt | undefined,
  { place, phone }: { place: DraftPlace; phone: string },
  problem?: TextProblem,
): Promise<void> {
  requestOf(ctx).returnTo = codePath(attempt)
  const { clock, phoneCodes, phoneTickets } = deps
  const channel = miniProgram(deps, ctx, attempt)
  const address = `${codePath(attempt)}/number`
  const data = {
    texts: phoneCodes.reaches(phone),
    native: channel && { channel: channel.id, handle: phoneTickets.handle(channel.id, { holder: place.id, address }) },
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

type About = Registration & { phone: string }

type Step = (deps: PhoneStepDeps, ctx: RouterContext, attempt: Attempt | undefined) => Promise<void>

/** Runs a step where a number waits for its code; else the registration goes on. */
const whereNeeded =
  (step: (deps: PhoneStepDeps, ctx: RouterContext, attempt: Attempt | undefined, about: About) => unknown): Step =>
  async (deps, ctx, attempt) => {
    const place = draftOf(deps, ctx, attempt)
    const draft = await place.read()
    const phone = draft && numberIn(draft)
    if (!draft || phone === undefined || !proofNeeded(deps, ctx, attempt, draft))
      return redirectTo(ctx, registerPath(attempt))
    await step(deps, ctx, attempt, { place, draft, phone })
  }

const codePage = whereNeeded((deps, ctx, attempt, about) => showCode(deps, ctx, attempt, about))

const sendAgain = whereNeeded(async (deps, ctx, attempt, { place, draft, phone }) => {
  const wait = await send(deps, ctx, attempt, place, phone)
  if (wait) return showCode(deps, ctx, attempt, { place, phone }, waitProblem(ctx, wait))
  await place.write({ ...draft, texted: phone })
  return redirectTo(ctx, `${codePath(attempt)}?sent=again`)
})

const goOnWithout = whereNeeded(async (_deps, ctx, attempt, { place, draft, phone }) => {
  await place.write({ ...draft, without: phone })
  redirectTo(ctx, registerPath(attempt))
})

const takeCode = whereNeeded(async (deps, ctx, attempt, about) => {
  const { place, phone } = about
  const typed = typedCode(ctx)
  if (!typed) return showProblem(deps, ctx, attempt, about, 'code_missing')
  const checked = await deps.phoneCodes.check(codeFor(place, phone), typed)
  if (checked !== 'right') return showProblem(deps, ctx, attempt, about, `code_${checked}`)
  return keepProof(deps, ctx, attempt, about, byText)
})

/** The native page of the mini program came back with a number: it counts where it is the one that was typed. */
const takeNumber = whereNeeded(async (deps, ctx, attempt, about) => {
  const found = await deps.phoneTickets.take(String(ctx.query['t']), about.place.id)
  if (found === undefined) return showProblem(deps, ctx, attempt, about, 'number_late')
  if (found !== about.phone) return showProblem(deps, ctx, attempt, about, 'number_other')
  return keepProof(deps, ctx, attempt, about, byWechat)
})

const showProblem = (
  deps: PhoneStepDeps,
  ctx: RouterContext,
  attempt: Attempt | undefined,
  about: About,
  code: string,
) => showCode(deps, ctx, attempt, about, { code, minutes: 0, status: 400 })

async function keepProof(
  deps: PhoneStepDeps,
  ctx: RouterContext,
  attempt: Attempt | undefined,
  about: About,
  provenBy: ProvenBy,
): Promise<void> {
  const { place, draft, phone } = about
  // the person holds the number, so its count may show
  if ((await deps.phoneProofs.holders(phone)).length >= deps.phone.personsOfNumber)
    return showProblem(deps, ctx, attempt, about, 'full')
  await place.write({ ...draft, proven: phone, provenBy })
  return redirectTo(ctx, registerPath(attempt))
}

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
    ['get', '/number', takeNumber],
  ]
  for (const [method, path, step] of routes) {
    router[method](`/register/code${path}`, (ctx) => step(deps, ctx, undefined))
    router[method](`/login/:attempt/register/code${path}`, (ctx) => inLogin(ctx, step))
  }
}
