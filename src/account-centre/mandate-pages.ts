import { chinaOffsetMs, dayMs } from '../config/time.ts'
import type { BlockReason } from '../accounts/legal-persons.ts'
import { readInvitee } from '../accounts/mandates/invitee.ts'
import { everything, matterWords, mattersFor, type PrincipalKind } from '../accounts/mandates/matters.ts'
import type { Acted, ActProblem } from '../accounts/mandates/mandates.ts'
import type { Representation, Representations } from '../accounts/mandates/representations.ts'
import { managing, mattersInForce, type Mandate } from '../accounts/mandates/rules.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { AccountHost, AccountContext, RouterContext } from '../login/method.ts'
import { Refusal } from '../refusal/refusal.ts'

/** A day as people write it, by China Standard Time. */
export const dayOf = (at: number) => new Date(at + chinaOffsetMs).toISOString().slice(0, 10)

export const minuteOf = (at: number) => new Date(at + chinaOffsetMs).toISOString().slice(0, 16).replace('T', ' ')

/** When a mandate begins that was given for a day: at once for today, never in the past. Not a number for no day at all. */
export function beginningOf(day: string, now: number): number {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return Number.NaN
  const start = Date.parse(`${day}T00:00:00+08:00`)
  return day === dayOf(now) ? now : start < now ? Number.NaN : start
}

export interface PageParts {
  persons: NaturalPersons
  representations: Representations
  clock(): number
}

type Language = 'zh-CN' | 'en'

/** Everything a page says of one mandate. */
export function mandateData(mandate: Mandate, language: Language) {
  return {
    id: mandate.id,
    role: mandate.role,
    all: mandate.matters.includes(everything),
    matters: mandate.matters.filter((one) => one !== everything).map((one) => matterWords(one, language)),
    from: dayOf(mandate.notBefore),
    until: dayOf(mandate.expiresAt),
  }
}

export const nameOf = async (persons: NaturalPersons, id: string | null) => {
  const person = id === null ? undefined : await persons.find(id)
  return person && person.status !== 'closed' ? persons.open(person, 'name') : ''
}

/** The mandates of a principal that this person may see: the owner all, others what they hold and what they gave. */
export async function membersFor(parts: PageParts, one: Representation, personId: string, language: Language) {
  const { view } = one
  const { affairs, rows } = view
  const now = parts.clock()
  const owner = affairs.principal.ownerId === personId
  const own = managing(affairs, personId, now)?.id
  const visible = affairs.mandates.filter(
    (mandate) => mandate.expiresAt > now && (owner || mandate.personId === personId || mandate.grantedBy === personId),
  )
  return Promise.all(
    visible.map(async (mandate) => {
      const row = rows.find(({ id }) => id === mandate.id)
      const offered = mandate.state === 'offered'
      const inForce = mattersInForce(mandate, affairs, now).length > 0
      return {
        ...mandateData(mandate, language),
        name: offered && row ? parts.representations.inviteeName(row) : await nameOf(parts.persons, mandate.personId),
        mine: mandate.personId === personId,
        state: inForce ? 'in_force' : mandate.state === 'active' ? 'not_now' : mandate.state,
        mayEnd:
          owner ||
          mandate.personId === personId ||
          (mandate.grantedBy === personId && mandate.parentId === (own ?? '')),
        mayConfirm: owner && affairs.principal.standing && mandate.state === 'suspended',
      }
    }),
  )
}

/** What a person may give for a principal: roles and matters, none where they may give nothing. */
export function givable({ view }: Representation, personId: string, now: number) {
  const { affairs } = view
  const owner = affairs.principal.standing && affairs.principal.ownerId === personId
  const manager = owner ? undefined : managing(affairs, personId, now)
  if (!owner && !manager) return undefined
  const given = owner ? [everything] : (manager?.matters ?? [])
  const known = mattersFor('legal_person')
  return {
    roles: owner ? (['handler', 'manager'] as const) : (['handler'] as const),
    matters: given.includes(everything) ? known : known.filter((one) => given.includes(one)),
    everything: given.includes(everything),
    latest: manager?.expiresAt,
  }
}

/** Matters ticked on a form: a box each, so that no field comes twice. */
export const tickedMatters = (kind: PrincipalKind, form: Readonly<Record<string, string>>) =>
  [...mattersFor(kind), everything].filter((matter) => form[`matter-${matter}`] === 'yes')

/** What both forms that offer a mandate say: to whom, and for how long; no time at all for a period that is not offered. */
export function readOffer(
  blindIndex: BlindIndex,
  form: Readonly<Record<string, string>>,
  { matters, periods }: { matters: readonly string[]; periods: readonly string[] },
) {
  const read = readInvitee(blindIndex, { name: form['name'] ?? '', contact: form['contact'] ?? '' })
  if (!read.ok) {
    const none = matters.length > 0 ? {} : { matters: 'matters_unknown' }
    return { ok: false, problems: { ...read.problems, ...none } } as const
  }
  const days = periods.includes(form['days'] ?? '') ? Number(form['days']) : 0
  return { ok: true, invitee: read.invitee, lastsMs: days * dayMs } as const
}

/** Problems that a form can mend, under the field they belong to. */
const fields: Partial<Record<ActProblem, string>> = {
  matters_unknown: 'matters',
  matters_beyond: 'matters',
  period_wrong: 'days',
  period_too_long: 'days',
  period_beyond: 'days',
  too_many_managers: 'role',
  manager_already: 'role',
  own_mandate: 'name',
}

/**
 * Problems of an act as a form shows them.
 * @throws Refusal `not_found` for what is not there or not theirs, `busy` when others changed it all the time
 */
export function problemsOf(acted: Acted): Record<string, string> {
  if (acted.ok) return {}
  const { problem } = acted
  const field = fields[problem]
  if (field === undefined) throw new Refusal(problem === 'changed' ? 'busy' : 'not_found', problem)
  return { [field]: problem }
}

export function principalData({ view, granted }: Representation) {
  const blockedBy: BlockReason | 'not_in_force' | '' = granted ? '' : (view.blockedBy ?? 'not_in_force')
  return { id: view.id, name: view.name, uscc: view.uscc ?? '', relation: granted?.relation ?? '', blockedBy }
}

/** An offer was made: what its giver has to do now. */
export async function showOffered(
  ctx: RouterContext,
  account: AccountContext,
  centre: AccountHost,
  { name, acted }: { name: string; acted: Acted & { ok: true } },
): Promise<void> {
  const { principalId } = acted.mandate
  const back = principalId === account.person.id ? '/account/helpers' : `/account/organisations/${principalId}`
  await centre.show(ctx, account, 'account/mandate-offered', { name, code: acted.code ?? '', back })
}
