import { documentExample, documentHint, documentTypes } from '../accounts/identifiers/documents.ts'
import { maskDocumentNumber } from '../accounts/identifiers/masking.ts'
import { groupPhone } from '../accounts/identifiers/grouping.ts'
import { phoneCodes } from '../accounts/identifiers/phones.ts'
import { isChild, noticeVersion } from '../accounts/privacy-notice.ts'
import type { Clock } from '../config/clock.ts'
import type { OneTapProofs } from '../guards/phone-codes/one-tap-proofs.ts'
import { pathOf, type Attempt } from '../login/attempt.ts'
import type { RouterContext } from '../login/method.ts'
import type { Language } from '../pages/languages.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { phoneOf, readAnswers, type Answers, type Problems, type Step } from './answers.ts'
import { draftSeconds, type Draft } from './draft.ts'

const views = { 1: 'register/who', 2: 'register/password', 3: 'register/agree' } as const

/** Where the steps of a registration are. */
export const registerPath = (attempt: Attempt | undefined) => (attempt ? pathOf(attempt, 'register') : '/register')

export interface ShownStep {
  step: Step
  draft: Draft
  problems?: Problems
  /** The login that began it is over; the answers are kept. */
  late?: boolean
}

/** Shows a step with the answers so far; never the password. */
export async function showStep(
  deps: Parameters<typeof readAnswers>[1] & { clock: Clock; oneTapProofs: Pick<OneTapProofs, 'enabled'> },
  ctx: RouterContext,
  attempt: Attempt | undefined,
  { step, draft, problems = {}, late = false }: ShownStep,
): Promise<void> {
  const request = requestOf(ctx)
  const path = registerPath(attempt)
  if (ctx.method === 'POST') request.returnTo = `${path}?step=${step}`
  const data = {
    action: path,
    csrf: request.csrf(),
    problems,
    late,
    seconds: draftSeconds,
    until: deps.clock() + draftSeconds * 1000,
    ...(attempt ? { signInUrl: pathOf(attempt), portal: attempt.portal } : {}),
    ...(step === 1 ? { ...whoData(draft.answers, request.language), oneTap: deps.oneTapProofs.enabled } : {}),
    ...(step === 2 ? entryData(draft.answers) : {}),
    ...(step === 3 ? await agreeData(deps, draft.answers) : {}),
  }
  showPage(ctx, views[step], data, statusOf(problems))
}

function statusOf(problems: Problems): number {
  if (problems['form'] === 'too_many_registrations') return 429
  return Object.keys(problems).length > 0 ? 400 : 200
}

function whoData(answers: Answers, language: Language) {
  const { name = '', document_type: typed = '', document_number: number = '', phone = '' } = answers
  const type = documentTypes.includes(typed) ? typed : (documentTypes[0] ?? '')
  return {
    documents: documentTypes.map((one) => ({
      type: one,
      hint: documentHint(one)?.[language] ?? '',
      example: documentExample(one),
    })),
    phoneCodes: [...phoneCodes, 'other'],
    values: { name, document_type: type, document_number: number, phone, phone_code: answers['phone_code'] ?? '86' },
  }
}

const entryData = ({ name = '', document_number: number = '', phone = '', username = '', password = '' }: Answers) => ({
  values: { username },
  /** A password was accepted or typed before: the field may stay empty. */
  kept: password !== '',
  /** For the rules that tick while a person types; the server checks them again. */
  personal: [name, number, phone].filter((one) => one !== ''),
  phone,
})

async function agreeData(deps: Parameters<typeof readAnswers>[1], answers: Answers) {
  const { input } = await readAnswers(answers, deps)
  const { name = '', document_type: documentType = '', document_number: number = '', username = '' } = answers
  return {
    noticeVersion,
    child: input !== undefined && isChild(input.document, deps.clock()),
    typed: { name, documentType, documentNumber: maskDocumentNumber(input?.document.number ?? number), username },
    phone: groupPhone(input?.phone ?? phoneOf(answers) ?? ''),
  }
}
