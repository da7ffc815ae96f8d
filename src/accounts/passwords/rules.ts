import { isCommonPassword } from './common.ts'

export type PasswordProblem = 'password_too_short' | 'password_too_long' | 'password_common' | 'password_personal'

const shortest = 8
const longest = 128
/** Shorter pieces of personal data stand in many passwords by chance. */
const shortestPersonal = 4

/** Pieces of a person's data that must not stand in the password: the whole, and the ends people use as a PIN. */
function pieces(personal: string): string[] {
  const plain = personal.normalize('NFKC').toLowerCase().replaceAll(/[\s-]/g, '')
  const ends = /\d{8}/.test(plain) ? [plain.slice(-8), plain.slice(-6), plain.slice(6, 14)] : []
  return [plain, ...ends].filter((piece) => piece.length >= shortestPersonal)
}

/** Why a new password is refused (NIST SP 800-63B section 3.1.1.2: length and lists, no rules of composition). */
export function passwordProblem(input: { password: string; personal: string[] }): PasswordProblem | undefined {
  const password = input.password.slice(0, 4 * longest).normalize('NFKC')
  const length = [...password].length
  if (length < shortest) return 'password_too_short'
  if (length > longest) return 'password_too_long'
  const lower = password.toLowerCase()
  if (input.personal.flatMap(pieces).some((piece) => lower.includes(piece))) return 'password_personal'
  return isCommonPassword(lower) ? 'password_common' : undefined
}
