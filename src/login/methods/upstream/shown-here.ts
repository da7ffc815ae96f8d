import type { Level } from '../../../assurance/levels.ts'
import { asksAgain } from '../../../upstreams/fresh.ts'
import type { Upstream } from '../../../upstreams/upstreams.ts'
import type { Attempt } from '../../attempt.ts'

/** The highest level that an upstream can vouch for. */
const highestLevel = ({ levels }: Pick<Upstream, 'levels'>): Level =>
  Object.values(levels).reduce<Level>((highest, one) => (one > highest ? one : highest), 2)

type Login = Pick<Attempt, 'client' | 'needed'> & Partial<Pick<Attempt, 'question' | 'params' | 'session'>>

/**
 * Whether this login needs a person who signs in now: the portal asks for it, or the browser has a session. An upstream that
 * remembers the person would answer for any user of that browser.
 */
export const needsFresh = ({ question = 'login', params, session }: Omit<Login, 'client' | 'needed'>): boolean =>
  question === 'login' &&
  (session !== undefined || params?.['max_age'] !== undefined || promptsOf(params).includes('login'))

const promptsOf = (params: Login['params']): string[] =>
  typeof params?.['prompt'] === 'string' ? params['prompt'].split(' ') : []

/** Whether this login may use an upstream: its portal has it, and its level, with a face, reaches what the portal needs. */
export const mayUse = (upstream: Upstream, { client, needed, ...login }: Login): boolean =>
  client.administers !== true &&
  (asksAgain(upstream) || !needsFresh(login)) &&
  (upstream.clients === 'all' || upstream.clients.includes(client.id)) &&
  highestLevel(upstream) >= Math.min(needed, 3)

/** The upstreams that this login shows. */
export const shownHere = (list: readonly Upstream[], attempt: Login): Upstream[] =>
  list.filter((one) => mayUse(one, attempt))

/** Origins that a form of the sign-in page may lead to. */
export const formTargetsOf = ({ issuer, addresses = {} }: Upstream): string[] => {
  const { authorize, login, adapter } = addresses
  const given = [issuer, authorize, login, adapter].filter((one) => one !== undefined)
  return [...new Set(given.map((one) => new URL(one).origin))]
}
