import { xmlAnswer, type Outcome } from '../../protocols/cas/answers.ts'
import type { Fault } from './faults.ts'
import { person } from './made-up-person.ts'

/** The answer to a call of an old portal's server. */
export interface OldAnswer {
  status: number
  text: string
}

/** A sign-in with one fault in an answer to the portal's server. */
export interface OldFault extends Pick<Fault, 'name' | 'meaning' | 'must'> {
  /** The kind of call whose answer it changes; the last one unless given. */
  call?: 'token'
  /** Changes what CAS says, in the format that the portal asked for. */
  outcome?: Outcome
  /** Replaces the whole answer. */
  answer?: OldAnswer
}

const text = (value: string, status = 200): OldAnswer => ({ status, text: value })
const json = (value: object) => text(JSON.stringify(value))

export const rightOldSignIn: OldFault = { name: 'right', meaning: 'nothing is wrong', must: 'accepted' }

const pages: readonly OldFault[] = [
  { name: 'server-error', meaning: 'the server fails (status 500)', must: 'refused', answer: text('error', 500) },
  { name: 'empty', meaning: 'the answer is empty', must: 'refused', answer: text('') },
  {
    name: 'page',
    meaning: 'the answer is a web page with the name of the person',
    must: 'refused',
    answer: text(`<title>${person.name}</title>`),
  },
]

const success = xmlAnswer({ user: person.sub, attributes: { name: person.name } })

/** Answers of CAS that must lead to no session (CAS Protocol 3.0.3 section 2.5). */
export const casFaults: readonly OldFault[] = [
  {
    name: 'invalid-ticket',
    meaning: 'the ticket is not valid (INVALID_TICKET)',
    must: 'refused',
    outcome: { code: 'INVALID_TICKET', description: 'unknown' },
  },
  {
    name: 'quoted-success',
    meaning: 'the ticket is not valid, and the description quotes a valid answer',
    must: 'refused',
    outcome: { code: 'INVALID_TICKET', description: success },
  },
  {
    name: 'no-user',
    meaning: 'a valid answer without a user',
    must: 'refused',
    outcome: { user: '', attributes: { name: person.name } },
  },
  ...pages,
]

const errorOf = { error_code: 'invalid', error_msg: 'invalid' }

/** Answers of the earlier OAuth2 of a province. */
export const tifFaults: readonly OldFault[] = [
  {
    name: 'token-error',
    meaning: 'the code is not valid (access_token answers error_code)',
    must: 'refused',
    call: 'token',
    answer: json(errorOf),
  },
  {
    name: 'tokeninfo-error',
    meaning: 'the token is not valid (tokeninfo answers error_code)',
    must: 'refused',
    answer: json(errorOf),
  },
  { name: 'no-person', meaning: 'tokeninfo names no person', must: 'refused', answer: json({ userobj: {} }) },
  ...pages,
]

/** What a message of single logout must do (CAS Protocol 3.0.3 section 2.3.3). */
export const casLogoutFaults = [
  { name: 'logout-other', meaning: 'single logout of another ticket: the session must stay', must: 'refused' },
  { name: 'logout', meaning: 'single logout: the session must end', must: 'accepted' },
] as const
