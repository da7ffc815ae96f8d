import { parsePhone } from '../identifiers/phones.ts'
import type { BreachedPasswords } from './breached.ts'
import { isCommonPassword } from './common.ts'
import { preparePassword } from './prepare.ts'

/** Code points. */
const shortest = 8
const longest = 128
const longestBytes = 1024

export type PasswordProblem =
  | 'password_too_short'
  | 'password_too_long'
  | 'password_common'
  | 'password_personal'
  | 'password_breached'

/** `passwordProblem`, and then the list of breached ones, where the administrator has one. */
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
 * What is wrong with a new password: fewer than 8 or more than 128 code points (or 1024 bytes), one that many people have,
 * or one with the person's own data in it. No rule about kinds of characters (NIST SP 800-63B-4 section 3.1.1.2).
 * @param expected.personal name, username, phone and document number, as typed or normalised
 * @param expected.common asked about the prepared password
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
/** A Chinese name is whole with two. */
const shortestHanPart = 2

function holdsPersonal(password: string, personal: readonly string[]): boolean {
  const lower = password.toLowerCase()
  const forms = [lower, compact(lower)]
  return personal.some((text) => {
    const whole = text.slice(0, longestPersonal).normalize('NFKC').toLowerCase()
    const within = compact(whole)
    return parts(whole).some((part) => forms.some((form) => form.includes(part))) || within.includes(compact(lower))
  })
}

/** What of a personal text must not be in a password: itself, each of its words, and the telling digits of numbers. */
function parts(text: string): string[] {
  const whole = compact(text)
  const words = text.split(/[\s·]+/u)
  const telling = parsePhone(text).ok ? [whole.slice(-8)] : /\d{6}$|\d{5}x$/.test(whole) ? [whole.slice(-6)] : []
  const birthDate = /^\d{17}[\dx]$/.test(whole) ? [whole.slice(6, 14)] : []
  return [whole, ...words, ...telling, ...birthDate].filter((part) => part.length >= shortestOf(part))
}

const shortestOf = (part: string) => (/\p{Script=Han}/u.test(part) ? shortestHanPart : shortestPart)

const compact = (text: string) => text.replaceAll(/[\s·-]/gu, '')
