import type { ClauseState, Use } from './clause.ts'
import type { RiskState } from './high-risks.ts'

export const reportTitle = 'GB/T 39786-2021 level 3: what this configuration uses'
export const notice = 'This report says what a configuration uses. It is no assessment and no certificate.'

export const stateWords: Readonly<Record<ClauseState, string>> = {
  met: 'met by this configuration',
  partly: 'partly met',
  product: 'a certified product must be added',
  unmet: 'not met yet',
  elsewhere: 'not the work of this software',
}

export const riskWords: Readonly<Record<RiskState, string>> = {
  high: 'high risk here',
  judge: 'the assessor decides',
  absent: 'not found here',
  elsewhere: 'not the work of this software',
}

export const holderWords: Readonly<Record<Use['held'], string>> = {
  device: 'held by a device',
  software: 'held by software',
  person: 'held by the person',
  none: 'without a key',
}

/** What the terminal and the page to print say beside the report. */
export const labels = {
  clauses: 'Clauses of 8.1 to 8.4',
  risks: 'High risks',
  algorithms: 'Algorithms',
  management: '8.5 to 8.8 Management: what the operator must show',
  allRisks: 'High risks of the guideline of 2021',
  noStandard: 'of no Chinese standard',
  inUse: 'in use',
  notInUse: 'not in use',
  ready: 'ready to sign tokens',
  lacking: 'Lacking',
  add: 'To be added',
  algorithm: 'Algorithm',
  key: 'Key',
  place: 'Held in',
  code: 'Source file',
  evidence: 'Evidence',
} as const
