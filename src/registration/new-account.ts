import type { NaturalPersons } from '../accounts/natural-persons.ts'
import { pathOf, type Attempt } from '../login/attempt.ts'
import type { LoginHost } from '../login/method.ts'
import type { RouterContext } from '../login/method.ts'
import { redirectTo } from '../pages/redirect.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { readUntil } from '../storage/read-until.ts'
import { draftOf, type DraftDeps } from './draft.ts'

export interface NewAccountDeps extends DraftDeps {
  host: LoginHost
  persons: NaturalPersons
}

const kind = 'registered'
const shownSeconds = 600
/** Longest time of one registration. */
const runningSeconds = 60

/** An account is opened with it. */
const firstEpoch = 0

const running = 'running'
/** Milliseconds. */
const longestForm = 5000

type Store = Pick<NewAccountDeps, 'artifacts'>

/** The account that this registration opened before; it waits while the first form runs, and claims the form else. */
export async function claimOrOpened({ artifacts }: Store, id: string): Promise<string | undefined> {
  const claimOrRead = async () =>
    (await artifacts.add(kind, id, running, { ttl: runningSeconds }))
      ? { claimed: true }
      : { claimed: false, known: await artifacts.get(kind, id) }
  const isSettled = ({ claimed, known }: Awaited<ReturnType<typeof claimOrRead>>) =>
    claimed || (known !== undefined && known !== running)
  const answer = await readUntil(claimOrRead, isSettled, { most: longestForm })
  if (!isSettled(answer)) throw new Refusal('busy', 'the same form still runs')
  return answer.known
}

/** The account that this registration opened before. */
export async function openedIn({ artifacts }: Store, id: string): Promise<string | undefined> {
  const known = await artifacts.get(kind, id)
  return known === running ? undefined : known
}

/** The form opened nothing: it may come again. */
export const forgetClaim = ({ artifacts }: Store, id: string) => artifacts.remove(kind, id)

/** Remembers the new account for its browser and its login. */
export const rememberOpened = ({ artifacts }: Store, id: string, personId: string) =>
  artifacts.put(kind, id, personId, { ttl: shownSeconds })

/** Redirects to the page that shows the new account. */
export const leadToNewAccount = (ctx: RouterContext, attempt: Attempt | undefined) =>
  redirectTo(ctx, attempt ? pathOf(attempt, 'registered') : '/registered')

/** @throws Refusal `login_expired` where this browser, or this login, has registered no account */
export async function showNewAccount(
  deps: NewAccountDeps,
  ctx: RouterContext,
  attempt: Attempt | undefined,
): Promise<void> {
  const { persons } = deps
  const personId = await openedIn(deps, draftOf(deps, ctx, attempt).id)
  const person = personId === undefined ? undefined : await persons.find(personId)
  if (!person) throw new Refusal('login_expired', 'no registration')
  showPage(ctx, 'register/registered', {
    username: persons.reveal(person).username,
    csrf: requestOf(ctx).csrf(),
    ...(attempt ? { continueAction: pathOf(attempt, 'registered'), portal: attempt.portal } : {}),
  })
}

/**
 * Signs in with the account that this login registered. The login goes on once only, and not after an ending of sign-ins.
 * @throws Refusal `login_expired`
 */
export async function signInToNewAccount(deps: NewAccountDeps, ctx: RouterContext, attempt: Attempt) {
  const personId = await openedIn(deps, draftOf(deps, ctx, attempt).id)
  if (personId === undefined) throw new Refusal('login_expired', 'no registration')
  await deps.host.succeed(ctx, {
    method: 'registration',
    personId,
    amr: ['pwd'],
    epoch: firstEpoch,
    // no password was typed here that could be wrong
    refusal: 'sign_in_ended',
  })
}
