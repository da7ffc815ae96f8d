import { withoutInvisible } from '../../text/invisible.ts'
import { parsePhone } from '../identifiers/phones.ts'
import type { BreachedPasswords } from './breached.ts'
import { isCommonPassword } from './common.ts'
import { preparePassword } from './prepare.ts'

/** In code points. */
const shortest = 8
const longest = 128
const longestBytes = 1024

export type PasswordProblem =
  | 'password_too_short'
  | 'password_too_long'
  | 'password_common'
  | 'password_personal'
  | 'password_breached'

/** As `passwordProblem`, then the list of breached passwords, where the administrator has set one. */
export async function newPasswordProblem(expected: {
  password: string
  personal: readonly string[]
  breached: Pick<BreachedPasswords, 'has'>
}): Promise<PasswordProblem | undefined> {
  const problem = passwordProblem(expected)
  if (problem !== undefined) return problem
  return (await expected.breached.has(preparePassword(expected.password))) ? 'password_breached' : undefined
}

/** `checkPassword` with the lists of common passwords (DESIGN 2.5). @internal */
export function passwordProblem(expected: {
  password: string
  personal: readonly string[]
}): PasswordProblem | undefined {
  return checkPassword({ ...expected, common: isCommonPassword })
}

/**
 * Checks a new password. It needs 8 to 128 code points and at most 1024 bytes. It must not be common or contain the
 * person's own data. No rule about kinds of characters (NIST SP 800-63B-4 section 3.1.1.2).
 * @param expected.personal name, username, phone and document number; typed or normalised.
 * @param expected.common whether a prepared password is common.
 * @internal
 */
export function checkPassword(expected: {
  password: string
  personal: readonly string[]
  common: (password: string) => boolean
}): PasswordProblem | undefined {
  // a UTF-16 unit is at least a byte
  if (expected.password.length > longestBytes) return 'password_too_long'
  const password = preparePassword(expected.password)
  const length = Array.from(password).length
  if (length < shortest) return 'password_too_short'
  if (length > longest || Buffer.byteLength(password) > longestBytes) return 'password_too_long'
  if (holdsPersonal(password, expected.personal)) return 'password_personal'
  return expected.common(password) ? 'password_common' : undefined
}

const longestPersonal = 256
const shortestPart = 4
/** Two characters are a complete Chinese name. */
const shortestHanPart = 2

function holdsPersonal(password: string, personal: readonly string[]): boolean {
  const lower = password.toLowerCase()
  const forms = [lower, compact(lower)]
  return personal.some((text) => {
    const whole = withoutInvisible(text.slice(0, longestPersonal)).normalize('NFKC').toLowerCase()
    const within = compact(whole)
    return parts(whole).some((part) => forms.some((form) => form.includes(part))) || within.includes(compact(lower))
  })
}

/** The parts of a personal text that a password must not contain: the text, its words, the last digits of numbers. */
function parts(text: string): string[] {
  const whole = compact(text)
  const words = text.split(/[\s·]+/u)
  const telling = parsePhone(text).ok ? [whole.slice(-8)] : /\d{6}$|\d{5}x$/.test(whole) ? [whole.slice(-6)] : []
  const birthDate = /^\d{17}[\dx]$/.test(whole) ? [whole.slice(6, 14)] : []
  return [whole, ...words, ...telling, ...birthDate].filter((part) => part.length >= shortestOf(part))
}

const shortestOf = (part: string) => (/\p{Script=Han}/u.test(part) ? shortestHanPart : shortestPart)

const compact = (text: string) => text.replaceAll(/[\s·-]/gu, '')
