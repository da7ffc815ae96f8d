import type { Authenticator, Authenticators } from '../accounts/authenticators.ts'
import { secondFactorKinds, signInKinds } from '../accounts/sign-in-kinds.ts'
import type { MethodLocks } from '../accounts/method-locks.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountContext, LoginMethod, RouterContext } from '../login/method.ts'
import type { Session, Sessions, Taken } from '../sessions/sessions.ts'

export interface MethodSwitchesDeps {
  methods: readonly LoginMethod[]
  authenticators: Authenticators
  methodLocks: MethodLocks
  sessions: Sessions
}

/** A login method as its person sees it: on or off, and how many authenticators. */
export interface SwitchedMethod {
  name: string
  /** Number of authenticators that work, and of those on hold after a recovery. */
  count: number
  held: number
  /** It has its own pages at /account/<name>. */
  room: boolean
  /** It is on, but the person has no authenticator for it. */
  unused: boolean
  /** There is nothing to switch off: a way that signs in by its own authenticators, without one; a second factor, which is removed. */
  empty: boolean
  state: 'on' | 'switched_off' | 'not_me_off'
}

/** The login methods of a person: the list, the switch of each, and the report "that was not me". */
export interface MethodSwitches {
  list(personId: string): Promise<SwitchedMethod[]>
  /** The name itself where it is a login method; empty for any other name in an audit entry or notice. */
  known(name: string): string
  /** Ends the sessions that began by it, except the one that asks. False for the last way that is on. */
  switchOff(ctx: RouterContext, account: AccountContext, method: string): Promise<boolean>
  switchOn(ctx: RouterContext, personId: string, method: string): Promise<void>
  /**
   * Locks a way to sign in and ends the sessions that began by it. False for the last way in: it stays, so that the person
   * can still reach their account.
   * @param own the session that stays; undefined where the reported authenticator began it
   */
  notMe(ctx: RouterContext, personId: string, taken: Taken, own: Session | undefined): Promise<boolean>
}

const countOf = (own: readonly Authenticator[]) => {
  const held = own.filter(({ heldAt }) => heldAt !== null).length
  return { count: own.length - held, held }
}

const states = { 'switched-off': 'switched_off', 'not-me': 'not_me_off' } as const

export function createMethodSwitches({
  methods,
  authenticators,
  methodLocks,
  sessions,
}: MethodSwitchesDeps): MethodSwitches {
  async function list(personId: string): Promise<SwitchedMethod[]> {
    const locks = new Map((await methodLocks.list(personId)).map(({ method, reason }) => [method, reason]))
    const all = await authenticators.list(personId)
    return Promise.all(
      methods.map(async (method) => {
        const { name, enrolment } = method
        const reason = locks.get(name)
        const { count, held } = (await method.ownWays?.(personId)) ?? countOf(all.filter(({ kind }) => kind === name))
        const none = count + held === 0
        const state = reason ? states[reason] : 'on'
        const room = enrolment !== undefined
        const unused = room && none && state === 'on'
        const empty = secondFactorKinds.includes(name) || (signInKinds.includes(name) && none && state === 'on')
        return { name, count, held, room, unused, empty, state }
      }),
    )
  }

  /** True where the method is off afterwards. */
  async function lock(ctx: RouterContext, personId: string, method: string, reason: keyof typeof states) {
    return (
      (await methodLocks.lock(personId, method, reason, actorOf(ctx), { keepOne: true })) ||
      (await methodLocks.locked(personId, method))
    )
  }

  return {
    list,
    known: (name) => (methods.some((method) => method.name === name) ? name : ''),
    async switchOff(ctx, { person, session }, method) {
      if (!(await lock(ctx, person.id, method, 'switched-off'))) return false
      await sessions.end(person.id, { but: await sessions.without(person.id, { method }, session) })
      return true
    },
    async switchOn(ctx, personId, method) {
      await methodLocks.unlock(personId, method, actorOf(ctx))
    },
    async notMe(ctx, personId, taken, own) {
      const { method } = taken
      // the lock comes first: no session can begin in between; without its second factor a password would do more
      const locked = !secondFactorKinds.includes(method) && (await lock(ctx, personId, method, 'not-me'))
      const open = await sessions.list(personId)
      const stay = await sessions.without(personId, taken, own)
      const details = { reason: 'not-me', method, sessions: open.length - stay.length, locked }
      const entry = { event: 'session.ended', ...actorOf(ctx), personId, details } as const
      await sessions.end(personId, { but: stay }, entry)
      return locked
    },
  }
}
