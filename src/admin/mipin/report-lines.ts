import type { OutlineLine } from '../outcome.ts'
import type { AnsweredClause, Use } from './clause.ts'
import type { Risk } from './high-risks.ts'
import type { ManagementClause } from './management-clauses.ts'
import { holderWords, labels, notice, reportTitle, riskWords, stateWords } from './report-words.ts'
import type { AlgorithmInUse, Report } from './report.ts'

const line = (depth: number, ...parts: string[]): OutlineLine => ({ depth, parts: parts.filter(Boolean) })
const empty: OutlineLine = { depth: 0, parts: [] }

/** The report for a terminal. */
export function reportLines({ facts, algorithms, layers, management, risks }: Report): OutlineLine[] {
  return [
    line(0, reportTitle),
    line(1, notice),
    line(1, facts.issuer, `YIDENG_SUITE=${facts.suite}`, `YIDENG_SM2_KEYS=${facts.sm2Keys}`),
    empty,
    line(0, labels.algorithms),
    ...algorithms.flatMap(algorithmLines),
    ...layers.flatMap(({ id, title, clauses }) => [empty, line(0, `${id} ${title}`), ...clauses.flatMap(clauseLines)]),
    empty,
    line(0, labels.management),
    ...management.flatMap(managementLines),
    empty,
    line(0, labels.allRisks),
    ...risks.flatMap(riskLines),
  ]
}

const algorithmLines = ({ name, standard, inUse, uses, keys }: AlgorithmInUse): OutlineLine[] => [
  line(1, name, standard ?? labels.noStandard, inUse ? labels.inUse : labels.notInUse),
  ...uses.map((use) => line(2, use)),
  ...(keys.length > 0 ? [line(2, labels.ready, keys.join(' '))] : []),
]

const clauseLines = ({ id, obligation, asks, state, uses, gaps, add }: AnsweredClause): OutlineLine[] => [
  line(1, id, obligation, stateWords[state]),
  line(2, asks),
  ...uses.flatMap(useLines),
  ...gaps.map((gap) => line(2, labels.lacking, gap)),
  { ...line(2, add), todo: true },
]

const useLines = ({ what, algorithms, keys, place, held, code, evidence }: Use): OutlineLine[] => [
  line(2, what),
  line(3, algorithms.join(' '), keys.join(' '), place, holderWords[held]),
  line(3, code.join(' '), evidence),
]

const managementLines = ({ id, shows, helps = '', evidence = '' }: ManagementClause): OutlineLine[] => [
  line(1, id, shows),
  ...[helps, evidence].filter(Boolean).map((text) => line(2, text)),
]

const riskLines = ({ id, condition, state, finding, evidence = '' }: Risk): OutlineLine[] => [
  line(1, id, riskWords[state]),
  ...[condition, finding, evidence].filter(Boolean).map((text) => line(2, text)),
]
