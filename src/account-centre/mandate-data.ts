import type { BlockReason } from '../accounts/legal-persons.ts'
import { everything, matterWords, mattersFor } from '../accounts/mandates/matters.ts'
import type { Representation, Representations } from '../accounts/mandates/representations.ts'
import { managing, mattersInForce, type Mandate } from '../accounts/mandates/mandate-rules.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import { dayOf } from '../config/china-time.ts'
import type { Clock } from '../config/clock.ts'
import type { Language } from '../pages/languages.ts'
import type { RequestContext } from '../pages/request-context.ts'

/** One mandate as pages show it. */
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

/** What a mandate covers, in one text. */
export const mattersText = (
  request: Pick<RequestContext, 't'>,
  { all, matters }: ReturnType<typeof mandateData>,
): string => (all ? request.t('representee.all_matters') : matters.join(request.t('common.between')))

/** One principal as pages show it, with the reason where the person may not act for it now. */
export function principalData({ view, granted }: Representation) {
  const blockedBy: BlockReason | 'not_in_force' | '' = granted ? '' : (view.blockedBy ?? 'not_in_force')
  return { id: view.id, name: view.name, uscc: view.uscc ?? '', relation: granted?.relation ?? '', blockedBy }
}

/** The name of a person; empty for no person and for a closed account. */
export const nameOf = async (persons: NaturalPersons, id: string | null) => {
  const person = id === null ? undefined : await persons.find(id)
  return person && person.status !== 'closed' ? persons.open(person, 'name') : ''
}

export interface MembersDeps {
  persons: NaturalPersons
  representations: Representations
  clock: Clock
}

/** The mandates of a principal that this person may see: the owner all, others those they hold or gave. */
export async function membersFor(
  { persons, representations, clock }: MembersDeps,
  { view: { affairs, rows } }: Representation,
  personId: string,
  language: Language,
) {
  const now = clock()
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
        name: offered && row ? representations.inviteeName(row) : await nameOf(persons, mandate.personId),
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

/** The roles and matters that a person may give for a principal; undefined where they may give none. */
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
