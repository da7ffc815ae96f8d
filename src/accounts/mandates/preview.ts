import type { Actor, NaturalPerson } from '../natural-persons.ts'
import {
  invitationOf,
  mandateRow,
  refuseAct,
  viewFor,
  type MandatesDeps,
  type PersonAct,
  type Previewed,
  type SignedAct,
} from './acts.ts'
import { canonicalText } from './canonical.ts'
import { decide } from './decide-act.ts'

/** Decides a signed act as of now and returns the text to sign. Writes nothing but the audit of a refusal. */
export async function previewAct(
  deps: MandatesDeps,
  signed: SignedAct,
  person: NaturalPerson,
  by: Actor,
): Promise<Previewed> {
  const view = await principalOf(deps, signed, person)
  if (!view) return refuseAct(deps, signed, person, by, 'not_found')
  const decision = decide(view.affairs, actOf(signed, person), deps.clock())
  if (!decision.ok) return refuseAct(deps, signed, person, by, decision.problem)
  const [mandate] = decision.changed
  if (!mandate) throw new Error('an act that changes nothing')
  const to = signed.type === 'offer' ? signed.offering.invitee.key : (mandate.personId ?? '-')
  const name = signed.type === 'regrant' ? 'confirm' : signed.type
  return { ok: true, mandate, principal: view, text: canonicalText(name, mandate, to) }
}

/** The principal of the act, where this person may know of it. */
async function principalOf(deps: MandatesDeps, signed: SignedAct, person: NaturalPerson) {
  if (signed.type === 'offer') return viewFor(deps, signed.principalId, person)
  if (signed.type === 'regrant') return deps.principals.view(signed.before[0]?.principalId ?? '')
  const row = await (signed.type === 'confirm' ? mandateRow(deps, signed.id) : invitationOf(deps, person, signed.id))
  return row && deps.principals.view(row.principal_id)
}

function actOf(signed: SignedAct, { id: by }: NaturalPerson): PersonAct {
  if (signed.type === 'regrant') return { ...signed, by }
  if (signed.type !== 'offer') return { type: signed.type, by, id: signed.id }
  const { invitee: _invitee, invitedId: _invited, ...offering } = signed.offering
  return { type: 'offer', by, ...offering }
}
