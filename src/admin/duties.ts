import type { Administrator } from '../accounts/administrators.ts'
import { isPeer } from '../accounts/administrators.ts'
import type { Services } from '../services.ts'
import type { Input } from './fields.ts'

/**
 * Separation of duties: the things that a command touches decide who must agree, not the id that it names.
 * This is for remote commands. On the server itself no second administrator is asked.
 */
export type Agreement = 'none' | 'second' | 'peers'

/** The things a command may touch, and who besides its requester must agree. */
export const agreements = {
  'what may be seen': 'none',
  'a portal': 'none',
  'an organisation': 'none',
  'an account': 'none',
  'signing keys': 'none',
  'a request that waits': 'none',
  // an administrator who alone removes or locks all peers decides alone from then on, and cannot be removed
  'the standing of an account': 'peers',
  'removing an administrator': 'peers',
  'who administers': 'second',
  'the level of an account': 'second',
  'the holder of a document number': 'second',
  'a way into an account': 'second',
  'an identifier of an account': 'second',
  'personal data, shown whole': 'second',
  'identity or phone for a portal without consent': 'second',
  'an organisation that no register names': 'second',
  'an act without undo': 'second',
} as const satisfies Record<string, Agreement>

export type Touch = keyof typeof agreements

/** What a command touches with some inputs only. */
export interface ConditionalTouch {
  touch: Touch
  /** The condition in words, for docs/cli.md. */
  when: string
  applies(services: Services, input: Input): Promise<boolean>
}

/** What a remote command touches; this decides who must agree to it. */
export interface Duty {
  touches: readonly Touch[]
  sometimes?: ConditionalTouch
  /**
   * The answer, or a secret of the input, is for the requester alone.
   * After the second administrator agreed, the requester gives the command again.
   */
  secret?: true
  /** Every account whose standing the command may end, including the account it names. */
  accounts?(services: Services, input: Input): Promise<string[]>
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')

/** The account that the input names. */
export const namedAccount = async (_services: Services, { id }: Input) => [text(id)]

/** Whether a second administrator must agree to this command of `own`. */
export async function needsSecond(services: Services, own: Administrator, duty: Duty, input: Input): Promise<boolean> {
  const { touches, sometimes } = duty
  const more = sometimes && (await sometimes.applies(services, input)) ? [sometimes.touch] : []
  const needed = new Set([...touches, ...more].map((touch): Agreement => agreements[touch]))
  if (needed.has('second')) return true
  if (!needed.has('peers')) return false
  const accounts = duty.accounts ? await duty.accounts(services, input) : []
  const administrators = await Promise.all(accounts.map((id) => services.administrators.find(id)))
  return administrators.some((other) => other !== undefined && isPeer(own, other))
}
