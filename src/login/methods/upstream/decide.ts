import type { Level } from '../../../assurance/levels.ts'

/** The facts that decide, when an upstream has named a person. */
export interface LinkFacts {
  /** Of the upstream's subject. `other-document`: it, or its person, has another proven number than the one that comes now. */
  link: 'none' | 'right' | 'other-document'
  /** `ask`: the operator lets this upstream link by a sign-in only. */
  linking: 'ask' | 'number'
  /** The upstream asserts a number of a type that it has proven itself (`authoritativeFor`), with a name. */
  authoritative: boolean
  /** What it vouches for. */
  level: Level
  /** Our own register has the name with the number. */
  matched: boolean
  /** Persons here with this number at identity 3 or higher. */
  holders: number
  /** The holder has the same name and a possession, and may get a way to sign in now. */
  holderFits: boolean
}

/**
 * `sign-in`: as the person of the link. `refuse`: the account belongs to another person now. `link`: to the one holder of the number.
 * `ask`: the person signs in by a way that they have, and may then link; or opens an account.
 */
export type Decision = 'sign-in' | 'refuse' | 'link' | 'ask'

/**
 * The only linking rules (facts/upstreams.md 2). Proof of an attribute is no proof of an account.
 *
 * | Case | Decision |
 * |---|---|
 * | known, the number is the same or is not asserted | `sign-in` |
 * | known, the number is another | `refuse` |
 * | unknown; authoritative for the number at 3 or higher; our register matches; one person has it at identity 3 or higher, and fits | `link` |
 * | unknown, everything else: a number of a self-asserted account, no number, several holders | `ask` |
 *
 * A phone, a name, an address of e-mail or an employee number is no fact here.
 */
export function decide(facts: LinkFacts): Decision {
  const { link, linking, authoritative, level, matched, holders, holderFits } = facts
  if (link === 'right') return 'sign-in'
  if (link === 'other-document') return 'refuse'
  const byNumber = linking === 'number' && authoritative && level >= 3 && matched && holders === 1 && holderFits
  return byNumber ? 'link' : 'ask'
}
