import { maskPhone } from '../accounts/identifiers/masking.ts'
import { parsePhone } from '../accounts/identifiers/phones.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import { byCarrier, byText, byWechat, mayProveMore, type PhoneProofs } from '../accounts/phone-proofs.ts'
import type { Channels } from '../channels/channel-client.ts'
import { phoneChannelIn } from '../channels/phone-channel.ts'
import type { PhoneTickets } from '../channels/phone-tickets.ts'
import type { PhoneCodes } from '../guards/phone-codes/phone-codes.ts'
import type { OneTapProofs } from '../guards/phone-codes/one-tap-proofs.ts'
import { typedCode, waitProblem, type TextProblem } from '../guards/phone-codes/typed-code.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { AccountRouter } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountContext, AccountHost, RouterContext } from '../login/method.ts'
import { proveByPhone, type ProveByPhoneDeps } from '../login/prove-by-phone.ts'
import { doneOf, redirectTo } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { createPhoneChanges, type Change } from './phone-change.ts'

export interface PhoneRoomDeps extends ProveByPhoneDeps {
  centre: AccountHost
  persons: NaturalPersons
  phoneProofs: PhoneProofs
  phoneCodes: PhoneCodes
  channels: Pick<Channels, 'list'>
  phoneTickets: PhoneTickets
  oneTapProofs: OneTapProofs
  artifacts: Artifacts
  cipher: FieldCipher
  /** Name of the login, in texts. */
  serviceName: string
}

const room = '/account/phone'
/** Where a native page of a mini program comes back to. */
const numberPath = `${room}/number`
const change = { back: room, needs: 'change-authenticators' } as const

/**
 * The telephone number of an account. A new one needs a code to it. It also needs a code to the old one, or a sign-in
 * at level 4: neither a password nor a telephone alone may take an account over.
 */
export function phoneRoutes(router: AccountRouter, deps: PhoneRoomDeps): void {
  const { persons, phoneCodes, phoneProofs, phoneTickets } = deps
  const changes = createPhoneChanges(deps)
  const codeFor = (ctx: RouterContext, { session }: AccountContext, phone: string) => ({
    purpose: 'bind' as const,
    act: `${session.uid} ${phone}`,
    browser: requestOf(ctx).device(),
    phone,
  })
  const send = (ctx: RouterContext, account: AccountContext, phone: string) =>
    phoneCodes.send(ctx, {
      ...codeFor(ctx, account, phone),
      portal: deps.serviceName,
      personId: account.person.id,
      newNumber: phone !== persons.open(account.person, 'phone'),
      deliver: true,
    })

  router.get(room, 'sign-in', (ctx, account) => show(deps, ctx, account, 'number'))

  router.post(room, change, async (ctx, account) => {
    const typed = (requestOf(ctx).form['phone'] ?? '').trim()
    const parsed = parsePhone(typed)
    const problem = (code: string) => show(deps, ctx, account, 'number', { problem: { code }, typed })
    if (!parsed.ok) return problem(typed ? 'malformed' : 'missing')
    if (!phoneCodes.reaches(parsed.phone)) return problem('country')
    const numbers = { from: persons.open(account.person, 'phone'), to: parsed.phone }
    if (await deps.oneTapProofs.proves(ctx, parsed.phone))
      return goOn(ctx, account, await changes.begin(account.session.uid, { ...numbers, how: byCarrier }))
    const wait = await send(ctx, account, parsed.phone)
    if (wait) return show(deps, ctx, account, 'number', { problem: waitProblem(ctx, wait), typed })
    await changes.begin(account.session.uid, { ...numbers, how: byText })
    return redirectTo(ctx, `${room}/code`)
  })

  // a number that WeChat has proven needs no code; the rest of the change is the same
  router.get(numberPath, 'change-authenticators', async (ctx, account) => {
    requestOf(ctx).returnTo = room
    const to = await phoneTickets.take(String(ctx.query['t']), holderOf(account))
    if (to === undefined) return show(deps, ctx, account, 'number', { problem: { code: 'number_late' } })
    const from = persons.open(account.person, 'phone')
    return goOn(ctx, account, await changes.begin(account.session.uid, { from, to, how: byWechat }))
  })

  /** Runs a step of a change that this session has begun. */
  const inChange =
    (step: (ctx: RouterContext, account: AccountContext, begun: Change) => unknown) =>
    async (ctx: RouterContext, account: AccountContext) => {
      const begun = await changes.read(account.session.uid)
      if (begun) await step(ctx, account, begun)
      else redirectTo(ctx, room)
    }

  /** The number whose code is typed now, the new one first. */
  const asked = ({ newProven, from, to }: Change) =>
    newProven
      ? ({ stage: 'old', phone: from, which: 'oldProven' } as const)
      : ({ stage: 'new', phone: to, which: 'newProven' } as const)

  router.get(
    `${room}/code`,
    'change-authenticators',
    inChange(async (ctx, account, begun) => {
      const { stage, phone } = asked(begun)
      const failed = await phoneCodes.failed(codeFor(ctx, account, phone))
      return show(deps, ctx, account, stage, { phone, failed })
    }),
  )

  router.post(
    `${room}/code`,
    { ...change, back: `${room}/code` },
    inChange(async (ctx, account, begun) => {
      const { stage, phone, which } = asked(begun)
      const typed = typedCode(ctx)
      const checked = typed ? await phoneCodes.check(codeFor(ctx, account, phone), typed) : 'missing'
      if (checked !== 'right') return show(deps, ctx, account, stage, { phone, problem: { code: `code_${checked}` } })
      if (!(await changes.prove(account.session.uid, which, begun.to))) return redirectTo(ctx, room)
      return goOn(ctx, account, { ...begun, [which]: true })
    }),
  )

  router.post(
    `${room}/again`,
    { ...change, back: `${room}/code` },
    inChange(async (ctx, account, begun) => {
      const { stage, phone } = asked(begun)
      const wait = await send(ctx, account, phone)
      if (wait) return show(deps, ctx, account, stage, { phone, problem: waitProblem(ctx, wait) })
      return redirectTo(ctx, `${room}/code`)
    }),
  )

  // a sign-in at level 4 in place of the old number
  router.post(`${room}/level`, { back: `${room}/code`, needs: { level: 4 } }, inChange(goOn))

  async function goOn(ctx: RouterContext, account: AccountContext, begun: Change) {
    const { from, to, newProven, oldProven } = begun
    // an account that an upstream opened has no old number
    const mayReplace = oldProven || from === to || from === '' || account.session.level === 4
    const allowed = newProven && mayReplace
    if (allowed) return finish(ctx, account, begun)
    if (newProven && phoneCodes.reaches(from)) await send(ctx, account, from)
    return redirectTo(ctx, `${room}/code`)
  }

  async function finish(ctx: RouterContext, account: AccountContext, { from, to, how }: Change) {
    const { person, session } = account
    await changes.end(session.uid)
    // asked before the new proof: the number on record may be another subscriber's since the one before
    const hands = await phoneProofs.checkHands({ personId: person.id, phone: to })
    const result = await persons.changePhone(person.id, { from, to, how }, actorOf(ctx))
    if (result !== 'done') return show(deps, ctx, account, 'number', { problem: { code: result ?? 'changed' } })
    if (mayProveMore(hands)) await proveByPhone(deps, ctx, person.id, to)
    if (from !== to && from !== '')
      phoneCodes.informOfChange(ctx, { phone: from, personId: person.id, portal: deps.serviceName })
    return redirectTo(ctx, `${room}?done=${from === to ? 'proven' : 'changed'}`)
  }
}

/** The session that a native page's number is for. */
const holderOf = ({ session }: AccountContext) => `session ${session.uid}`

async function show(
  { centre, persons, phoneProofs, phoneCodes, phoneTickets, channels, oneTapProofs }: PhoneRoomDeps,
  ctx: RouterContext,
  account: AccountContext,
  stage: 'number' | 'new' | 'old',
  about: { problem?: TextProblem; typed?: string; phone?: string; failed?: boolean } = {},
): Promise<void> {
  const { problem, typed = '', phone = '', failed = false } = about
  const present = persons.open(account.person, 'phone')
  const proof = await phoneProofs.find({ personId: account.person.id, phone: present })
  const channel = phoneChannelIn(channels.list, { userAgent: ctx.get('user-agent'), clientId: undefined })
  const wanted = { holder: holderOf(account), address: numberPath }
  const data = {
    native: channel && { channel: channel.id, handle: phoneTickets.handle(channel.id, wanted) },
    typing: stage !== 'number',
    old: stage === 'old',
    present: maskPhone(present),
    proven: proof !== undefined,
    // the whole number is the person's own, typed a moment ago
    phone: maskPhone(phone),
    failed,
    typed,
    texts: phoneCodes.reaches(present) || phoneCodes.enabled,
    oneTap: oneTapProofs.enabled,
    reached: phone === '' || phoneCodes.reaches(phone),
    done: doneOf(ctx, ['changed', 'proven']),
    problem: problem && { minutes: 0, ...problem },
  }
  await centre.show(ctx, account, 'account/phone', data, problem ? (problem.status ?? 400) : 200)
}
