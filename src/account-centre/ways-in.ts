import type { Authenticators } from '../accounts/authenticators.ts'
import type { MethodLocks } from '../accounts/method-locks.ts'
import { actorOf } from '../login/host.ts'
import type { AccountContext, LoginMethod, RouterContext } from '../login/method.ts'
import type { Session, Sessions, Taken } from '../sessions/sessions.ts'

export interface WaysInDeps {
  methods: readonly LoginMethod[]
  authenticators: Authenticators
  methodLocks: MethodLocks
  sessions: Sessions
}

/** A way to sign in as a person sees it. */
export interface Way {
  name: string
  /** How many of them this person can sign in with, and how many a recovery holds. */
  count: number
  held: number
  /** It has pages of its own at /account/<name>. */
  room: boolean
  /** It is on, and there is nothing this person could sign in with by it. */
  unused: boolean
  state: 'on' | 'switched_off' | 'not_me_off'
}

/** The ways to sign in of a person: which there are, switching one off, and "that was not me". */
export interface WaysIn {
  list(personId: string): Promise<Way[]>
  /** The name of a way there is, as the audit trail or a notice has it; empty for any other. */
  known(name: string): string
  /** Ends what began by it, but for the session that asks. False for the last way in that is on. */
  switchOff(ctx: RouterContext, account: AccountContext, method: string): Promise<boolean>
  switchOn(ctx: RouterContext, personId: string, method: string): Promise<void>
  /**
   * Locks a way to sign in and ends what began by it. False when it was not locked, being the last way in: nobody is to be
   * shut out of their own account by this.
   * @param own the session that stays; undefined where it was begun by what was somebody else's
   */
  notMe(ctx: RouterContext, personId: string, taken: Taken, own: Session | undefined): Promise<boolean>
}

const states = { 'switched-off': 'switched_off', 'not-me': 'not_me_off' } as const

export function createWaysIn({ methods, authenticators, methodLocks, sessions }: WaysInDeps): WaysIn {
  async function list(personId: string): Promise<Way[]> {
    const locks = new Map((await methodLocks.list(personId)).map(({ method, reason }) => [method, reason]))
    const all = await authenticators.list(personId)
    return methods.map(({ name, enrolment }) => {
      const reason = locks.get(name)
      const own = all.filter(({ kind }) => kind === name)
      const held = own.filter(({ heldAt }) => heldAt !== null).length
      const state = reason ? states[reason] : 'on'
      const room = enrolment !== undefined
      const unused = room && own.length === 0 && state === 'on'
      return { name, count: own.length - held, held, room, unused, state }
    })
  }

  /** True when it is off afterwards. */
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
      // locked first, so that nobody comes back in between
      const locked = await lock(ctx, personId, method, 'not-me')
      const open = await sessions.list(personId)
      const stay = await sessions.without(personId, taken, own)
      const details = { reason: 'not-me', method, sessions: open.length - stay.length, locked }
      const entry = { event: 'session.ended', ...actorOf(ctx), personId, details } as const
      await sessions.end(personId, { but: stay }, entry)
      return locked
    },
  }
}
