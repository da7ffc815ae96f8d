import { z } from 'zod'
import type { Authenticator } from '../../../accounts/authenticators.ts'
import { maskName } from '../../../accounts/identifiers/masking.ts'
import { isHeld } from '../../../accounts/natural-persons.ts'
import { serviceNameOf } from '../../../config/settings/operator.ts'
import { doneOf, idOf, redirectTo } from '../../../pages/redirect.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { typedDigits } from '../../../text/typed-digits.ts'
import { accountRouter, type AccountRouter } from '../../account-router.ts'
import { actorOf } from '../../actor.ts'
import { mayRelease, mayRemove } from '../../held-authenticator.ts'
import type { AccountContext, AccountHost, Enrolment, RouterContext } from '../../method.ts'
import { sealedArtifacts } from '../../sealed-artifacts.ts'
import { appAddress, appToken, base32, freshSecret } from './app-secret.ts'
import { addToken, releaseToken, removeToken } from './keeping.ts'
import { name, type OtpDeps } from './otp-deps.ts'
import { readToken } from './stored-token.ts'
import { clockAfter } from './suites.ts'

const home = `/account/${name}`
const done = ['added', 'removed', 'released'] as const

/** Seconds to scan the code and to type the first one. */
const secretSeconds = 600
const wrongCodes = 5

/** A secret that was shown, before its first code. */
const pendingSchema = z.object({ secret: z.string(), wrong: z.number() })

/** 动态口令 in the account centre: list, add an app, remove. */
export function otpEnrolment(deps: OtpDeps): Enrolment {
  return {
    routes(router, centre) {
      const account = accountRouter(router, centre)
      listRoutes(account, centre, deps)
      addRoutes(account, centre, deps)
      oneRoutes(account, centre, deps)
    },
  }
}

const iso = (at: number | null) => (at === null ? '' : new Date(at).toISOString())

function shown(token: Authenticator) {
  const { id, heldAt, createdAt, lastUsedAt } = token
  const { serialEnd } = readToken(token)
  return { id, serialEnd, held: heldAt !== null, created: iso(createdAt), used: iso(lastUsedAt) }
}

function listRoutes(router: AccountRouter, centre: AccountHost, deps: OtpDeps): void {
  router.get('/', 'sign-in', async (ctx, account) => {
    const { person, session } = account
    const now = deps.clock()
    const all = await deps.authenticators.list(person.id, name)
    const release = all.some((one) => mayRelease(one, { person, amr: session.amr, now }))
    const until = isHeld(person, now) && !session.amr.includes('user') ? iso(person.heldUntil ?? now) : ''
    await centre.show(ctx, account, 'otp/list', { tokens: all.map(shown), release, until, done: doneOf(ctx, done) })
  })
}

/** The secret belongs to session and person: another session cannot finish this. */
const holderOf = ({ session, person }: AccountContext) => `${session.uid} ${person.id}`

function addRoutes(router: AccountRouter, centre: AccountHost, deps: OtpDeps): void {
  const { settings, persons, sessions, clock } = deps
  const pending = sealedArtifacts(deps, 'otp-enrolment', pendingSchema)
  const token = appToken(settings.suite)
  const adding = { back: `${home}/add`, needs: 'change-authenticators' } as const

  router.get('/add', adding.needs, (ctx, account) => centre.show(ctx, account, 'otp/add', {}))

  router.post('/add', adding, async (ctx, account) => {
    const secret = freshSecret(token)
    await pending.put(holderOf(account), { secret: secret.toString('base64'), wrong: 0 }, secretSeconds)
    const masked = maskName(persons.open(account.person, 'name'))
    const address = appAddress(token, { secret, service: serviceNameOf(settings.operator), account: masked })
    // few processes ever make one
    const { qrOutline } = await import('./qr-outline.ts')
    const letters = base32(secret).match(/.{1,4}/g) ?? []
    const data = { address, letters: letters.join(' '), code: qrOutline(address), problem: '' }
    await centre.show(ctx, account, 'otp/secret', data)
  })

  const again = (ctx: RouterContext, account: AccountContext, problem: string) =>
    centre.show(ctx, account, 'otp/secret', { address: '', letters: '', code: undefined, problem }, 400)

  /** Counts a code; the secret, where it may be tried once more. */
  const tryOnce = (holder: string) =>
    pending.update<string | undefined>(holder, (before) =>
      before && before.wrong < wrongCodes
        ? { value: { ...before, wrong: before.wrong + 1 }, result: before.secret }
        : { result: undefined },
    )

  router.post('/code', adding, async (ctx, account) => {
    const { person, session } = account
    const code = typedDigits(requestOf(ctx).form['code'])
    if (code === '') return again(ctx, account, 'missing')
    const holder = holderOf(account)
    const text = await tryOnce(holder)
    if (text === undefined) return again(ctx, account, 'over')
    const secret = Buffer.from(text, 'base64')
    const started = clockAfter({ ...token, used: 0, drift: 0 }, secret, { code, now: clock() })
    if (!started) return again(ctx, account, 'wrong')
    // one of several right codes at once takes it
    if ((await pending.take(holder))?.secret !== text) return again(ctx, account, 'over')
    const given = { ...token, ...started, secret, serialEnd: '' }
    const added = await addToken(deps, person.id, given, { stay: [session], by: actorOf(ctx) })
    if (added !== 'added') return again(ctx, account, 'too_many')
    await sessions.removeEnded(person.id)
    return redirectTo(ctx, `${home}?done=added`)
  })
}

function oneRoutes(router: AccountRouter, centre: AccountHost, deps: OtpDeps): void {
  const { authenticators, sessions, clock } = deps

  /** @throws Refusal `not_found` for an unknown token as for one of another person */
  async function own(ctx: RouterContext, { person }: AccountContext): Promise<Authenticator> {
    const token = (await authenticators.list(person.id, name)).find(({ id }) => id === idOf(ctx))
    if (!token) throw new Refusal('not_found')
    return token
  }

  const ask = async (ctx: RouterContext, account: AccountContext) => {
    const token = await own(ctx, account)
    if (!(await mayRemove(centre, ctx, account, token, clock()))) return undefined
    const { serialEnd } = readToken(token)
    return { kind: name, facts: serialEnd === '' ? {} : { otp_serial: serialEnd } }
  }
  router.lose('/:id/remove', { back: home, needs: 'protect-account', ask }, async (ctx, account) => {
    const token = await own(ctx, account)
    if (!(await mayRemove(centre, ctx, account, token, clock()))) return
    const { id: personId } = account.person
    const stay = await sessions.without(personId, { method: name, authenticator: token.id }, account.session)
    await removeToken(deps, token, { stay, by: actorOf(ctx) })
    await sessions.removeEnded(personId)
    redirectTo(ctx, `${home}?done=removed`)
  })

  router.post('/:id/mine', { back: home, needs: 'protect-account' }, async (ctx, account) => {
    const token = await own(ctx, account)
    const { person, session } = account
    if (!mayRelease(token, { person, amr: session.amr, now: clock() })) return redirectTo(ctx, home)
    await releaseToken(deps, token, { stay: [session], by: actorOf(ctx) })
    await sessions.removeEnded(person.id)
    return redirectTo(ctx, `${home}?done=released`)
  })
}
