import { algorithms, isNational, type Algorithm } from '../../config/algorithms.ts'
import { applicationClauses } from './application-clauses.ts'
import { answer, type AnsweredClause } from './clause.ts'
import { environmentClauses } from './environment-clauses.ts'
import type { Facts } from './facts.ts'
import { highRisks, type Risk } from './high-risks.ts'
import { managementClauses, type ManagementClause } from './management-clauses.ts'
import { namedAlgorithm } from './uses.ts'

/** An algorithm, and what it is used for. */
export interface AlgorithmInUse {
  name: Algorithm
  /** Of a Chinese standard, and which. */
  standard: string | undefined
  inUse: boolean
  uses: string[]
  /** Ids of keys that sign tokens by it, also where no portal asks for it. */
  keys: string[]
}

/** The answers of one configuration to GB/T 39786-2021 level 3. It is material for an assessment, and none itself. */
export interface Report {
  facts: Facts
  algorithms: AlgorithmInUse[]
  /** In the order of the standard: 8.1 to 8.4. */
  layers: { id: string; title: string; clauses: AnsweredClause[] }[]
  management: readonly ManagementClause[]
  risks: Risk[]
}

/** What every configuration uses, and no clause of 8.4 asks about. */
const always: Readonly<Partial<Record<Algorithm, string>>> = {
  'SHA-256': 'cookies, forms, ids of sessions, and subjects of portals',
  argon2id: 'passwords are stored as a hash, which authenticates nobody by cryptography',
}

export function reportOf(facts: Facts): Report {
  const layers = [
    { id: '8.1', title: 'Physical and environment', clauses: environmentClauses.physical },
    { id: '8.2', title: 'Network and communication', clauses: environmentClauses.communication },
    { id: '8.3', title: 'Devices and computing', clauses: environmentClauses.devices },
    { id: '8.4', title: 'Applications and data', clauses: applicationClauses },
  ].map((layer) => ({ ...layer, clauses: layer.clauses.map((clause) => answer(clause, facts)) }))
  return {
    facts,
    algorithms: algorithmsIn(
      layers.flatMap(({ clauses }) => clauses),
      facts,
    ),
    layers,
    management: managementClauses,
    risks: highRisks(facts),
  }
}

function algorithmsIn(clauses: readonly AnsweredClause[], { tokenKeys }: Facts): AlgorithmInUse[] {
  const uses = clauses.flatMap((clause) => clause.uses)
  const names = Object.keys(algorithms) as Algorithm[]
  const found = names.map((name) => {
    const whats = uses.filter((use) => use.algorithms.includes(name)).map(({ what }) => what)
    const all = [...new Set([...whats, always[name] ?? []].flat())]
    const keys = tokenKeys.filter(({ alg }) => namedAlgorithm(alg).includes(name)).map(({ kid }) => kid)
    return { name, standard: algorithms[name], inUse: all.length > 0, uses: all, keys }
  })
  return found.filter(({ name, inUse, keys }) => inUse || keys.length > 0 || isNational(name))
}
