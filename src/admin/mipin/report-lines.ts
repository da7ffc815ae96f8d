import type { OutlineLine } from '../outcome.ts'
import type { AnsweredClause, ClauseState, Use } from './clause.ts'
import type { Risk, RiskState } from './high-risks.ts'
import type { ManagementClause } from './management-clauses.ts'
import { notice } from './report-document.ts'
import type { AlgorithmInUse, Report } from './report.ts'

const stateWords: Readonly<Record<ClauseState, string>> = {
  met: 'met by this configuration',
  partly: 'partly met',
  product: 'a certified product must be added',
  unmet: 'not met yet',
  elsewhere: 'not the work of this software',
}

const riskWords: Readonly<Record<RiskState, string>> = {
  high: 'high risk here',
  judge: 'the assessor decides',
  absent: 'not found here',
  elsewhere: 'not the work of this software',
}

const holderWords: Readonly<Record<Use['held'], string>> = {
  device: 'held by a device',
  software: 'held by software',
  person: 'held by the person',
  none: 'without a key',
}

const line = (depth: number, ...parts: string[]): OutlineLine => ({ depth, parts: parts.filter(Boolean) })
const empty: OutlineLine = { depth: 0, parts: [] }

/** The report for a terminal. */
export function reportLines({ facts, algorithms, layers, management, risks }: Report): OutlineLine[] {
  return [
    line(0, 'GB/T 39786-2021 level 3: what this configuration uses'),
    line(1, notice),
    line(1, facts.issuer, `YIDENG_SUITE=${facts.suite}`, `YIDENG_SM2_KEYS=${facts.sm2Keys}`),
    empty,
    line(0, 'Algorithms'),
    ...algorithms.flatMap(algorithmLines),
    ...layers.flatMap(({ id, title, clauses }) => [empty, line(0, `${id} ${title}`), ...clauses.flatMap(clauseLines)]),
    empty,
    line(0, '8.5 to 8.8 Management: what the operator must show'),
    ...management.flatMap(managementLines),
    empty,
    line(0, 'High risks of the guideline of 2021'),
    ...risks.flatMap(riskLines),
  ]
}

const algorithmLines = ({ name, standard, inUse, uses, keys }: AlgorithmInUse): OutlineLine[] => [
  line(1, name, standard ?? 'of no Chinese standard', inUse ? 'in use' : 'not in use'),
  ...uses.map((use) => line(2, use)),
  ...(keys.length > 0 ? [line(2, 'ready to sign tokens', keys.join(' '))] : []),
]

const clauseLines = ({ id, obligation, asks, state, uses, gaps, add }: AnsweredClause): OutlineLine[] => [
  line(1, id, obligation, stateWords[state]),
  line(2, asks),
  ...uses.flatMap(useLines),
  ...gaps.map((gap) => line(2, 'lacking', gap)),
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
