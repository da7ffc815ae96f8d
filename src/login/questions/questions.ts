import { closingQuestion, type ClosingQuestionDeps } from './closing-question.ts'
import { consentQuestion, type ConsentQuestionDeps } from './consent-question.ts'
import { levelQuestion, type LevelQuestionDeps } from './level-question.ts'
import { loginQuestion } from './login-question.ts'
import { offerQuestion, type OfferQuestionDeps } from './offer-question.ts'
import { representeeQuestion, type RepresenteeQuestionDeps } from './representee-question.ts'
import type { SignInPageDeps } from '../sign-in-page.ts'

/**
 * Every question that an authorization request may put to a person, in this order. A person is asked open questions only.
 * oidc-provider's prompts (oidc/prompts.ts), the pages (question-routes.ts) and `QuestionName` follow from this list.
 */
export const questions = [
  loginQuestion,
  closingQuestion,
  levelQuestion,
  offerQuestion,
  representeeQuestion,
  consentQuestion,
] as const

export type QuestionName = (typeof questions)[number]['name']

export type QuestionDeps = SignInPageDeps &
  ClosingQuestionDeps &
  LevelQuestionDeps &
  OfferQuestionDeps &
  RepresenteeQuestionDeps &
  ConsentQuestionDeps
