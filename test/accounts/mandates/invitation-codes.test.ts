import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openServices } from '../../../src/services.ts'
import { readInvitee } from '../../../src/accounts/mandates/invitee.ts'
import { readSettings } from '../../../src/config/settings.ts'
import { find, openOrganisation } from '../../setup/organisation.ts'
import { openPerson } from '../../setup/person.ts'
import { durableStore } from '../../setup/stores.ts'
import { temporaryDirectory } from '../../setup/temporary.ts'

const by = { actor: 'person' }
const day = 86_400_000

async function world() {
  const directory = temporaryDirectory()
  const settings = { YIDENG_DATA_DIR: join(directory, 'data'), YIDENG_KEYS_DIR: join(directory, 'keys') }
  const services = await openServices(readSettings({ ...settings, ...(await durableStore()) }), Date.now)
  onTestFinished(() => services.close())

  async function offer(principal: string, giver: { id: string }, name: string, contact: string) {
    const read = readInvitee(services.dataKeys.blindIndex, { name, contact })
    if (!read.ok) throw new Error('no invitee')
    const now = services.clock()
    const what = { role: 'handler' as const, matters: ['tax.filing'], notBefore: now, expiresAt: now + 30 * day }
    const person = await find(services, giver)
    const offered = await services.mandates.offer(principal, person, { ...what, invitee: read.invitee }, by)
    if (!offered.ok) throw new Error(offered.problem)
    return offered
  }
  return { services, offer }
}

it('an invitation by phone number is invisible before its six digits; a namesake cannot use it up or decline it', async () => {
  const { services, offer } = await world()
  const { id, representative } = await openOrganisation(services)
  const named = await openPerson(services, { name: '周小桐' })
  const namesake = await openPerson(services, { name: '周小桐' })
  // phone numbers are not proven: the namesake claims the same one
  const { phone_index } = (await find(services, named)).row
  const phone = services.dataKeys.cipher.seal(`+86${named.phone}`, `natural_persons.phone:${namesake.id}`)
  await services.database
    .updateTable('natural_persons')
    .set({ phone, phone_index })
    .where('id', '=', namesake.id)
    .execute()
  const one = await offer(id, representative, '周小桐', named.phone)
  const two = await offer(id, representative, '周小桐', named.phone)
  expect(one.code).toMatch(/^\d{6}$/)
  const code = one.code ?? ''
  const wrong = ['000000', '000001', '000002'].find((digits) => digits !== code && digits !== two.code) ?? ''
  const [other, person] = [await find(services, namesake), await find(services, named)]
  const notFound = { ok: false, problem: 'not_found' }
  for (const who of [other, person]) {
    expect(await services.representations.offersTo(who)).toEqual([])
    expect(await services.mandates.accept(one.mandate.id, who, by)).toEqual(notFound)
    expect(await services.mandates.decline(one.mandate.id, who, by)).toEqual(notFound)
    expect(await services.mandates.preview({ type: 'accept', id: one.mandate.id }, who, by)).toEqual(notFound)
  }
  // in parallel: five are counted, then the right digits are refused too
  const tries = await Promise.all(Array.from({ length: 12 }, () => services.mandates.openInvitation(other, wrong, by)))
  expect(tries).not.toContain(true)
  expect(await services.mandates.openInvitation(other, code, by)).toBe(false)
  const refused = await services.database
    .selectFrom('audit_events')
    .select('sequence')
    .where('event', '=', 'mandate.code-refused')
    .execute()
  expect(refused).toHaveLength(5)

  // the invited person has their own five tries; right digits use none
  expect(await services.mandates.openInvitation(person, wrong, by)).toBe(false)
  expect(await services.mandates.openInvitation(person, code, by)).toBe(true)
  expect((await services.representations.offersTo(person)).map(({ mandate: seen }) => seen.id)).toEqual([
    one.mandate.id,
  ])
  expect(await services.mandates.accept(two.mandate.id, person, by)).toEqual(notFound)
  expect(await services.mandates.accept(one.mandate.id, person, by)).toMatchObject({ ok: true })
  for (let again = 0; again < 3; again += 1)
    expect(await services.mandates.openInvitation(person, wrong, by)).toBe(false)
  expect(await services.mandates.openInvitation(person, two.code ?? '', by)).toBe(true)
  expect(await services.mandates.decline(two.mandate.id, person, by)).toMatchObject({ ok: true })
})
