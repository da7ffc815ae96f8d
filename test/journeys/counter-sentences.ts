import { languages, type Language } from '../../src/pages/languages.ts'
import { readWords } from '../../src/pages/words.ts'

/** A place where people are served, who serves there, or the telephone number of the operator, in each language. */
const counters: Readonly<Record<Language, RegExp>> = {
  'zh-CN': /窗口|柜台|工作人员|\{helpline\}/,
  'zh-Hant': /窗口|櫃台|櫃檯|工作人員|職員|\{helpline\}/,
  en: /\bcounters?\b|\bstaff\b|\bclerks?\b|\{helpline\}/i,
}

const words = new Map(languages.map((language) => [language, readWords(language)]))

/** Texts to telephones: they are walked where they are sent. */
const isPage = (key: string) => !key.startsWith('texts.')

const naming = (language: Language): string[] =>
  [...(words.get(language) ?? [])]
    .filter(([key, sentence]) => isPage(key) && counters[language].test(sentence))
    .map(([key]) => key)

/** The sentences of all pages that name a counter, its staff or the helpline, in any language. */
export const counterSentences: readonly string[] = [...new Set(languages.flatMap(naming))]

/** The languages in which a sentence names no counter. */
export const silentLanguages = (key: string): Language[] =>
  languages.filter((language) => !counters[language].test(words.get(language)?.get(key) ?? ''))

/** What a sentence says that a counter does; each is walked by commands (a-counter-keeps-what-the-pages-promise.test.ts). */
export type Promised =
  | 'corrects and proves'
  | 'proves a person'
  | 'decides about a number'
  | 'gives a link'
  | 'locks an account'
  | 'records the agreement of a guardian'
  | 'resumes an organisation'
  | 'restores a representative'
  | 'suspends an organisation'
  | 'opens an account'
  | 'explains'
  | 'finds a reference number'
  | 'changes a phone'
  | 'undoes a correction'
  /** The sentence sends no person to a counter of Yideng. */
  | 'nothing: it tells what has happened'
  | 'nothing: it says that no counter is needed'
  | 'nothing: it is about the staff of the portal or the hall'
  | 'nothing: a warning'

/** Each sentence, and what commands must be able to do for it. */
export const promises: Readonly<Record<string, Promised>> = {
  'account.claim_lost': 'nothing: it tells what has happened',
  'account.claim_lost_what': 'decides about a number',
  'account.claim_won_what': 'decides about a number',
  'account.phone_counter': 'changes a phone',
  'account.phone_lost': 'changes a phone',
  'account.unproven_counter': 'corrects and proves',
  'errors.client_paused.text': 'nothing: it is about the staff of the portal or the hall',
  'errors.forbidden.text': 'nothing: it is about the staff of the portal or the hall',
  'errors.recovery_gone.text': 'gives a link',
  'errors.redirect_uri_mismatch.text': 'nothing: it is about the staff of the portal or the hall',
  'errors.reference_hint': 'finds a reference number',
  'errors.request_invalid.text': 'nothing: it is about the staff of the portal or the hall',
  'face.done_held_by_face': 'decides about a number',
  'face.done_not_matched': 'corrects and proves',
  'face.not_unmatched': 'corrects and proves',
  'face.reason_other_face': 'proves a person',
  'face.without': 'proves a person',
  'face.without_here': 'proves a person',
  'face.young': 'records the agreement of a guardian',
  'history.administrator.looked-up': 'nothing: it tells what has happened',
  'history.by_operator': 'nothing: it tells what has happened',
  'history.number.claimed': 'nothing: it tells what has happened',
  'history.recovery.link-made': 'nothing: it tells what has happened',
  'level.do_counter_3': 'corrects and proves',
  'level.do_counter_4': 'proves a person',
  'level.tried': 'proves a person',
  'login.idle': 'nothing: it is about the staff of the portal or the hall',
  'logout.done_shared': 'nothing: a warning',
  'notices.number-claim-waits': 'nothing: it tells what has happened',
  'notices.document-corrected': 'undoes a correction',
  'notices.name-corrected': 'undoes a correction',
  'notices.phone-corrected': 'undoes a correction',
  'notices.number-claimed': 'decides about a number',
  'notices.number-lost': 'decides about a number',
  'notices.proof-ended': 'corrects and proves',
  'notices.opened-in-your-name': 'suspends an organisation',
  'organisations.blocked_representative_away': 'restores a representative',
  'organisations.blocked_suspended': 'resumes an organisation',
  'otp.lost_text': 'gives a link',
  'privacy.automated': 'proves a person',
  'privacy.face': 'proves a person',
  'privacy.right_ask': 'explains',
  'privacy.right_correct_how': 'changes a phone',
  'problems.correction_not_matched': 'corrects and proves',
  'problems.level_4_needed': 'proves a person',
  'problems.too_many_registrations': 'opens an account',
  'qr.told_suspicious': 'nothing: a warning',
  'recovery.care': 'nothing: a warning',
  'recovery.code_wait': 'gives a link',
  'recovery.codes_text': 'nothing: it says that no counter is needed',
  'recovery.counter_more': 'gives a link',
  'recovery.counter_row': 'gives a link',
  'recovery.done_held': 'gives a link',
  'recovery.offer_text': 'nothing: it says that no counter is needed',
  'recovery.stop_rests': 'gives a link',
  'recovery.stopped_counter': 'gives a link',
  'recovery.held_counter': 'gives a link',
  'recovery.held_not_me': 'locks an account',
  'refusals.recovery_refused': 'gives a link',
  'refusals.account_locked': 'locks an account',
  'register.code_without_why': 'corrects and proves',
  'register.later_codes_more': 'nothing: it says that no counter is needed',
}
