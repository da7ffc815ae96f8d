import { signInName } from '../../../accounts/personal-fields.ts'
import { redirectTo } from '../../../pages/redirect.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { accountRouter } from '../../account-router.ts'
import { actorOf } from '../../actor.ts'
import type { AccountHost, AccountContext, Enrolment, RouterContext } from '../../method.ts'
import { newPasswordProblems } from '../../new-password.ts'
import { name, type PasswordDeps } from './password-deps.ts'

/** A new password in the account centre; it ends every other sign-in. */
export function passwordEnrolment(deps: PasswordDeps): Enrolment {
  const { persons, authenticators, passwords, breached, changePassword, sessions } = deps
  const path = `/account/${name}`

  async function show(
    ctx: RouterContext,
    centre: AccountHost,
    account: AccountContext,
    problems: Record<string, string> = {},
  ) {
    const status = Object.keys(problems).length > 0 ? 400 : 200
    const username = signInName(persons.reveal(account.person))
    const data = { username, problems, changed: ctx.query['done'] === 'changed' && status === 200 }
    await centre.show(ctx, account, 'password/account', data, status)
  }

  return {
    routes(router, centre) {
      const own = accountRouter(router, centre)

      own.get('/', 'sign-in', (ctx, account) => show(ctx, centre, account))

      own.post('/', { back: path, needs: 'change-authenticators' }, async (ctx, account) => {
        const { person, session } = account
        const known = await authenticators.find(person.id, name)
        const { form } = requestOf(ctx)
        const record = persons.reveal(person)
        const personal = [record.name, record.phone, record.username, record.documentNumber]
        const problems = await newPasswordProblems(form, personal, breached)
        if (Object.keys(problems).length > 0) return show(ctx, centre, account, problems)
        const passwordHash = await passwords.hash(form['password'] ?? '', 'known')
        const change = { person, known, passwordHash, session }
        if (!(await changePassword(change, actorOf(ctx)))) throw new Refusal('busy', 'another change came first')
        await sessions.removeEnded(person.id)
        return redirectTo(ctx, `${path}?done=changed`)
      })
    },
  }
}
