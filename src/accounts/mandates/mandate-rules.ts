import { common, covers, everything, type PrincipalKind } from './matters.ts'

export type Role = 'manager' | 'handler' | 'helper'
export type Relation = 'legal_representative' | Role

/** The principal (被代理人) of mandates, as far as the rules need it. */
export interface Principal {
  id: string
  kind: PrincipalKind
  /** Needs no mandate: the confirmed legal representative, or the natural person. */
  ownerId: string | null
  /** False: suspended, struck off, without a confirmed representative, or the register is unreachable. */
  standing: boolean
}

/** 授权: a person may act for a principal in some matters for some time. Times in milliseconds since 1970 UTC. */
export interface Mandate {
  id: string
  principalId: string
  /** The holder; null while it is offered. */
  personId: string | null
  role: Role
  matters: readonly string[]
  notBefore: number
  expiresAt: number
  /** The giver: the owner, or a manager under their own mandate (`parentId`). */
  grantedBy: string
  parentId: string | null
  state: 'offered' | 'active' | 'suspended' | 'ended'
}

/** A principal with all its mandates. */
export interface Affairs {
  principal: Principal
  mandates: readonly Mandate[]
  /** Holders whose account is not in good standing now (src/accounts/account-standing.ts): their mandates give nothing. */
  notInGoodStanding: ReadonlySet<string>
}

/** What a person may do for a principal at a moment. */
export interface Granted {
  relation: Relation
  matters: string[]
  /** The mandates in force; none for the representative. */
  mandates: Mandate[]
}

export const isLive = (mandate: Mandate, now: number) => mandate.state !== 'ended' && mandate.expiresAt > now

/**
 * The matters that a mandate gives at a moment; none when it is not in force. A mandate given by a manager needs the manager's
 * own mandate: it ends with the removal, expiry or suspension of its giver.
 */
export function mattersInForce(mandate: Mandate, affairs: Affairs, now: number): string[] {
  const { principal, mandates, notInGoodStanding } = affairs
  const inTime = mandate.notBefore <= now && now < mandate.expiresAt
  if (!principal.standing || mandate.principalId !== principal.id || mandate.state !== 'active' || !inTime) return []
  if (mandate.personId !== null && notInGoodStanding.has(mandate.personId)) return []
  if (mandate.parentId === null) return mandate.grantedBy === principal.ownerId ? [...mandate.matters] : []
  const parent = mandates.find(({ id }) => id === mandate.parentId)
  if (parent?.role !== 'manager' || parent.personId !== mandate.grantedBy || parent.parentId !== null) return []
  return common(mandate.matters, mattersInForce(parent, affairs, now))
}

/** The rights of a person now; undefined for none. */
export function granted(affairs: Affairs, personId: string, now: number): Granted | undefined {
  const { principal, mandates } = affairs
  if (!principal.standing) return undefined
  if (personId === principal.ownerId) {
    // a natural person does not represent themself
    if (principal.kind === 'natural_person') return undefined
    return { relation: 'legal_representative', matters: [everything], mandates: [] }
  }
  const held = mandates
    .filter((mandate) => mandate.personId === personId)
    .map((mandate) => ({ ...mandate, matters: mattersInForce(mandate, affairs, now) }))
    .filter(({ matters }) => matters.length > 0)
  const [first] = held
  if (!first) return undefined
  const relation = held.some(({ role }) => role === 'manager') ? 'manager' : first.role
  return { relation, matters: [...new Set(held.flatMap(({ matters }) => matters))], mandates: held }
}

/** The matters of a token: the wanted ones; undefined where one of them was not given. */
export function downScope(given: readonly string[], wanted: readonly string[] | undefined): string[] | undefined {
  if (wanted === undefined) return given.includes(everything) ? [everything] : [...given]
  return wanted.length > 0 && covers(given, wanted) ? [...new Set(wanted)] : undefined
}

/** The mandate of a manager in force now, under which they may give others. */
export function managing(affairs: Affairs, personId: string, now: number): Mandate | undefined {
  return granted(affairs, personId, now)?.mandates.find(({ role }) => role === 'manager')
}
