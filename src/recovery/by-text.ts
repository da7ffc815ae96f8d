import type { Recovery } from '../accounts/account-recovery/account-recovery.ts'
import { provenDays } from '../accounts/account-recovery/phone-pass.ts'
import { readIdentifier } from '../accounts/identifiers/identify.ts'
import { parsePhone } from '../accounts/identifiers/phones.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import { mayProveMore, type PhoneProofs } from '../accounts/phone-proofs.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Settings } from '../config/settings.ts'
import type { CodeFor, PhoneCodes, TextWait } from '../guards/phone-codes/phone-codes.ts'
import { typedCode } from '../guards/phone-codes/typed-code.ts'
import { typedKey } from '../guards/tries.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import { actorOf } from '../login/actor.ts'
import type { HeldClaim, RecoveryHost, RecoveryWay, RouterContext } from '../login/method.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { hoursOf } from './by-code.ts'

export interface ByTextDeps {
  recovery: Pick<Recovery, 'checkPhone'>
  persons: NaturalPersons
  phoneProofs: PhoneProofs
  phoneCodes: PhoneCodes
  phone: Pick<Settings['phone'], 'sender'>
  audit: AuditLog
  blindIndex: BlindIndex
  recoveryHold: number
  /** Name of the login in texts. */
  serviceName: string
}

/** The login method of the same codes: the browser's memory of it orders the ways. */
export const name = 'sms'
const base = `/recover/${name}`
const longestTyped = 64

/**
 * 短信 for a forgotten password: a code to a phone that the person has proven for 30 days, and the document number. Every visitor gets
 * the same pages; a number that recovers nothing gets no text.
 */
export function textRecovery(deps: ByTextDeps): RecoveryWay {
  return {
    offered: () => deps.phone.sender !== 'none',
    routes(router, host) {
      router.get('/', async (ctx) => {
        await placeOf(ctx, host)
        showForm(deps, ctx, host.backTo(ctx.query['back']))
      })
      router.post('/', (ctx) => sendCode(deps, ctx, host))
      router.post('/code', (ctx) => checkCode(deps, ctx, host))
    },
  }
}

interface Wrong {
  problems?: Record<string, string>
  wait?: TextWait
  /** The code is used up or too old. */
  over?: boolean
  /** No vendor can say now whether the number has another subscriber. */
  unchecked?: boolean
}

const statusOf = ({ problems = {}, wait, over = false, unchecked = false }: Wrong) =>
  wait ? 429 : unchecked ? 503 : over || Object.keys(problems).length > 0 ? 400 : 200

function showForm({ phone, recoveryHold }: ByTextDeps, ctx: RouterContext, back: string, wrong: Wrong = {}): void {
  if (phone.sender === 'none') throw new Refusal('not_found', 'no texts are sent here')
  const request = requestOf(ctx)
  const { problems = {}, wait, over = false, unchecked = false } = wrong
  request.returnTo = `${base}?back=${encodeURIComponent(back)}`
  if (wait) ctx.set('retry-after', String(wait.seconds))
  const data = {
    back,
    action: base,
    phone: (request.form['phone'] ?? '').slice(0, longestTyped),
    problems,
    waitMinutes: Math.ceil((wait?.seconds ?? 0) / 60),
    over,
    unchecked,
    days: provenDays,
    hours: hoursOf(recoveryHold),
    csrf: request.csrf(),
  }
  showPage(ctx, 'recover/text', data, statusOf(wrong))
}

function showCodeForm({ recoveryHold }: ByTextDeps, ctx: RouterContext, back: string, phone: string, problem = '') {
  const request = requestOf(ctx)
  request.returnTo = `${base}?back=${encodeURIComponent(back)}`
  const data = {
    back,
    action: `${base}/code`,
    phone,
    problems: problem ? { code: problem } : {},
    hours: hoursOf(recoveryHold),
    csrf: request.csrf(),
  }
  showPage(ctx, 'recover/text-code', data, problem ? 400 : 200)
}

/** Sends a code where phone and document number are one account's. The answer and the work are the same for every number. */
async function sendCode(deps: ByTextDeps, ctx: RouterContext, host: RecoveryHost): Promise<void> {
  const { phoneCodes, blindIndex } = deps
  const request = requestOf(ctx)
  const { form } = request
  const back = host.backTo(form['back'])
  const number = (form['document_number'] ?? '').trim().slice(0, longestTyped)
  const typed = parsePhone((form['phone'] ?? '').slice(0, longestTyped))
  const problems = {
    ...(typed.ok ? {} : { phone: form['phone']?.trim() ? 'phone_malformed_86' : 'phone_required' }),
    ...(typed.ok && !phoneCodes.reaches(typed.phone) ? { phone: 'phone_unserved' } : {}),
    ...(number ? {} : { document_number: 'document_number_required' }),
  }
  if (!typed.ok || Object.keys(problems).length > 0) return showForm(deps, ctx, back, { problems })
  const { phone } = typed
  const readings = readIdentifier(number).filter(({ kind }) => kind === 'document')
  const person = await deps.persons.findByIdentifier(readings)
  const pass = await deps.recovery.checkPhone(person, phone)
  const who = pass ? pass.personId : `nobody ${typedKey(blindIndex, `${phone} ${number}`)}`
  const place = await placeOf(ctx, host)
  const { holder } = place
  const asked = { ...codeFor(holder, phone), portal: deps.serviceName, personId: pass?.personId }
  const document = readings.map(({ value }) => value).join(' ')
  const wait = await phoneCodes.send(ctx, { ...asked, document, deliver: pass !== undefined })
  // the form was sent twice: the code of the first is on its way
  const isSecond = wait?.by === 'number' && place.who === who
  if (wait && !isSecond) return showForm(deps, ctx, back, { wait })
  if (!wait) await host.keep({ ...place, who, epoch: person?.endings.epoch ?? 0, back })
  return showCodeForm(deps, ctx, back, phone)
}

/** The place of this browser: the one that its form began, so that a form sent twice has one. */
async function placeOf(ctx: RouterContext, host: RecoveryHost): Promise<HeldClaim> {
  try {
    return await host.claimed(ctx, name)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return host.claim(ctx, { way: name, who: '', epoch: 0, agreed: true, back: '/account' })
  }
}

const codeFor = (holder: string, phone: string): CodeFor => ({
  purpose: 'recover',
  act: `recover ${holder}`,
  browser: holder,
  phone,
})

/** A right code leads to the new password. A wrong one, and a right one that was never sent, get one answer. */
async function checkCode(deps: ByTextDeps, ctx: RouterContext, host: RecoveryHost): Promise<void> {
  const { persons, phoneCodes, phoneProofs, audit } = deps
  const { form } = requestOf(ctx)
  const claim: HeldClaim = await host.claimed(ctx, name)
  const typed = parsePhone((form['phone'] ?? '').slice(0, longestTyped))
  const code = typedCode(ctx)
  if (!typed.ok || !code) return showCodeForm(deps, ctx, claim.back, form['phone'] ?? '', 'text_code_required')
  const checked = await phoneCodes.check(codeFor(claim.holder, typed.phone), code)
  const person = await persons.find(claim.who)
  const pass = await deps.recovery.checkPhone(person, typed.phone)
  const hands = checked === 'right' && pass ? await phoneProofs.checkHands({ ...pass, phone: typed.phone }) : undefined
  if (hands && mayProveMore(hands)) return host.proven(ctx, claim, 'phone')
  await audit.record({ event: 'recovery.refused', ...actorOf(ctx), personId: person?.id, details: { by: 'phone' } })
  if (hands === 'unknown') return showForm(deps, ctx, claim.back, { unchecked: true })
  if (checked === 'over') return showForm(deps, ctx, claim.back, { over: true })
  return showCodeForm(deps, ctx, claim.back, typed.phone, 'text_code_wrong')
}
