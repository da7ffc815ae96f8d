import { isNational, type Algorithm } from '../../config/algorithms.ts'
import type { Facts } from './facts.ts'

/** 应 `must`, 宜 `should` (a reason is needed where it is not done), 可 `may`. */
export type Obligation = 'must' | 'should' | 'may'

/** What the running configuration uses for a clause. */
export interface Use {
  what: string
  algorithms: readonly Algorithm[]
  /** Ids of the keys; empty where this server holds none. */
  keys: readonly string[]
  /** Where the keys are. */
  place: string
  /** `device`: the key is in a signature server. `software`: in a file of this server. `person`: the person holds it. */
  held: 'device' | 'software' | 'person' | 'none'
  /** Source files, from the root of the project. */
  code: readonly string[]
  /** A command that shows it. */
  evidence: string
}

/**
 * `met`: by this configuration, with keys in a device. `partly`: some of it, or by algorithms of no Chinese standard. `product`: the
 * function is there, and a certified product must hold the keys or do the work. `unmet`: nothing is there. `elsewhere`: not the
 * work of this software.
 */
export type ClauseState = 'met' | 'partly' | 'product' | 'unmet' | 'elsewhere'

/** A clause as code: it reads the facts. */
export interface Clause {
  /** `8.4 a`. */
  id: string
  obligation: Obligation
  /** What the standard asks, short. */
  asks: string
  /** Undefined: not the work of this software. */
  uses?(facts: Facts): readonly Use[]
  /** A certified product does the work, not this software. */
  byProduct?: true
  /** What lacks, as the facts say. */
  gaps?(facts: Facts): readonly string[]
  /** What a certified product or the operator must add. */
  add: string
}

/** A clause of the report. */
export interface AnsweredClause {
  id: string
  obligation: Obligation
  asks: string
  state: ClauseState
  uses: readonly Use[]
  gaps: readonly string[]
  add: string
}

/** Answers a clause from the facts. No clause says its own state. */
export function answer(clause: Clause, facts: Facts): AnsweredClause {
  const { id, obligation, asks, add } = clause
  const uses = clause.uses?.(facts) ?? []
  const gaps = clause.gaps?.(facts) ?? []
  return { id, obligation, asks, state: stateOf(clause, uses, gaps), uses, gaps, add }
}

function stateOf(clause: Clause, uses: readonly Use[], gaps: readonly string[]): ClauseState {
  if (!clause.uses) return gaps.length > 0 ? 'unmet' : clause.byProduct ? 'product' : 'elsewhere'
  if (uses.length === 0) return 'unmet'
  if (gaps.length > 0 || uses.some(({ algorithms }) => !algorithms.every(isNational))) return 'partly'
  return uses.every(({ held }) => held === 'device' || held === 'person') ? 'met' : 'product'
}
