import { goTo } from '../../pages/going.ts'
import { visitOf } from '../../pages/visit.ts'
import { Refusal } from '../../refusal/refusal.ts'
import { actorOf } from '../host.ts'
import type { AccountHost, AccountVisit, Enrolment, RouterContext } from '../method.ts'
import { newPasswordProblems } from '../new-password.ts'
import { name, type PasswordParts } from './parts.ts'

/** The password in the account centre: a new one, which ends every other sign-in. */
export function passwordEnrolment(parts: PasswordParts): Enrolment {
  const { persons, authenticators, passwords, breached, changePassword, sessions } = parts
  const path = `/account/${name}`

  async function show(
    ctx: RouterContext,
    centre: AccountHost,
    visit: AccountVisit,
    problems: Record<string, string> = {},
  ) {
    const status = Object.keys(problems).length > 0 ? 400 : 200
    const data = { problems, changed: ctx.query['done'] === 'changed' && status === 200 }
    await centre.show(ctx, visit, 'account/password', data, status)
  }

  return {
    routes(router, centre) {
      router.get('/', async (ctx) => {
        const visit = await centre.visit(ctx)
        if (visit) await show(ctx, centre, visit)
      })

      router.post('/', async (ctx) => {
        visitOf(ctx).back = path
        const visit = await centre.mayChangeAuthenticators(ctx)
        if (!visit) return undefined
        const { person, session } = visit
        const known = await authenticators.find(person.id, name)
        const { form } = visitOf(ctx)
        const record = persons.reveal(person)
        const personal = [record.name, record.phone, record.username, record.documentNumber]
        const problems = await newPasswordProblems(form, personal, breached)
        if (Object.keys(problems).length > 0) return show(ctx, centre, visit, problems)
        const passwordHash = await passwords.hash(form['password'] ?? '', 'known')
        const change = { person, known, passwordHash, session }
        if (!(await changePassword(change, actorOf(ctx)))) throw new Refusal('busy', 'another change came first')
        await sessions.removeEnded(person.id)
        return goTo(ctx, `${path}?done=changed`)
      })
    },
  }
}
