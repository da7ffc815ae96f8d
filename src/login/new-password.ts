import type { BreachedPasswords } from '../accounts/passwords/breached.ts'
import { newPasswordProblem, type PasswordProblem } from '../accounts/passwords/password-rules.ts'

/** Problems of a new password, typed twice, by the fields of views/parts/new-password.eta; empty when there are none. */
export async function newPasswordProblems(
  form: Readonly<Record<string, string>>,
  personal: readonly string[],
  breached: BreachedPasswords,
): Promise<{ password?: PasswordProblem; password_again?: 'password_mismatch' }> {
  const { password = '', password_again: again } = form
  const problem = await newPasswordProblem({ password, personal, breached })
  return {
    ...(problem ? { password: problem } : {}),
    ...(again === password ? {} : { password_again: 'password_mismatch' }),
  }
}
