import { iso } from '../outcome.ts'
import type { AnsweredClause } from './clause.ts'
import { notice } from './report-words.ts'
import type { Report } from './report.ts'

const clauseOf = ({ id, obligation, asks, state, uses, gaps, add }: AnsweredClause) => ({
  clause: id,
  obligation,
  asks,
  state,
  uses: uses.map(({ what, algorithms, keys, place, held, code, evidence }) => ({
    what,
    algorithms,
    keys,
    place: place || null,
    held,
    code,
    evidence,
  })),
  gaps,
  add,
})

/** The report as JSON. @param now milliseconds since 1970 UTC */
export const documentOf = ({ facts, algorithms, layers, management, risks }: Report, now: number) => ({
  standard: 'GB/T 39786-2021',
  level: 3,
  notice,
  made_at: iso(now),
  issuer: facts.issuer,
  production: facts.production,
  suite: facts.suite,
  sm2_keys: facts.sm2Keys,
  algorithms: algorithms.map(({ name, standard, inUse, uses, keys }) => ({
    name,
    standard: standard ?? null,
    in_use: inUse,
    uses,
    keys,
  })),
  clauses: layers.flatMap(({ clauses }) => clauses.map(clauseOf)),
  management: management.map(({ id, shows, helps, evidence }) => ({
    clause: id,
    shows,
    helps: helps ?? null,
    evidence: evidence ?? null,
  })),
  high_risks: risks,
})
