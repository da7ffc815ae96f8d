import { passwordProblem, type PasswordProblem } from '../accounts/passwords/rules.ts'

/** Problems of a new password, typed twice, by the fields of views/parts/new-password.eta; empty when there are none. */
export function newPasswordProblems(
  form: Readonly<Record<string, string>>,
  personal: readonly string[],
): { password?: PasswordProblem; password_again?: 'password_mismatch' } {
  const { password = '', password_again: again } = form
  const problem = passwordProblem({ password, personal })
  return {
    ...(problem ? { password: problem } : {}),
    ...(again === password ? {} : { password_again: 'password_mismatch' }),
  }
}
