import { randomUUID } from 'node:crypto'
import { dayMs } from '../../config/time.ts'
import type { Actor, NaturalPerson } from '../natural-persons.ts'
import { viewFor, type Acted, type MandatesDeps, type Offering, type Sign } from './acts.ts'
import { carryOut } from './carry-out.ts'
import { codeKeyOf, freshCode, inviteeAad, inviteeKeysOf } from './invitee.ts'

const offerDays = 14

/** Offers a mandate. The answer has a code to pass on where only a phone number names the invitee. */
export async function offerMandate(
  deps: MandatesDeps,
  offer: { principalId: string; person: NaturalPerson; offering: Offering },
  by: Actor,
  sign?: Sign,
): Promise<Acted> {
  const { cipher, blindIndex, clock } = deps
  const { principalId, person } = offer
  const { id = randomUUID(), invitee, invitedId, ...rest } = offer.offering
  const code = invitee.needsCode ? freshCode() : undefined
  const acted = await carryOut(deps, {
    act: { type: 'offer', by: person.id, id, ...rest },
    person,
    by,
    readPrincipal: () => viewFor(deps, principalId, person),
    columns: {
      invitee_key: invitee.key,
      invitee_name: cipher.seal(invitee.name, inviteeAad(id)),
      code_key: code === undefined ? null : codeKeyOf(blindIndex, id, code),
      offer_ends_at: clock() + offerDays * dayMs,
    },
    to: invitee.key,
    sign,
    invitedId: await invited(deps, invitedId, invitee.key),
  })
  return acted.ok && code !== undefined ? { ...acted, code } : acted
}

/** The account only where it may see the offer: its name is proven and is the one that the giver wrote. */
async function invited({ persons, blindIndex }: MandatesDeps, id: string | undefined, key: string) {
  const person = id === undefined ? undefined : await persons.find(id)
  return person && inviteeKeysOf(blindIndex, persons, person).includes(key) ? person.id : undefined
}
