import { mandate, openOrganisation, find, handlerFields, register, creditCode } from '../setup/organisation.ts'
import { askOptions, type RequestOptions } from '../setup/passkey.ts'
import { openPerson } from '../setup/person.ts'
import { type World, type RoomForm, at, withPasskey, byScript } from './form-world.ts'

/** A handler whom the representative has offered a mandate by number, or with a code. */
async function invited(world: World, contact: 'number' | 'phone') {
  const organisation = await openOrganisation(world.services)
  const handler = await openPerson(world.services, { name: '周小桐' })
  const giver = await at(world, `/account/organisations/${organisation.id}/invite`, organisation.representative)
  const told = await giver.visitor.submit(giver.page, '/invite', handlerFields(handler[contact]))
  const code = /class="code-words">(\d+)</.exec(told.html)?.[1] ?? ''
  return { ...(await at(world, '/account/invitations', handler)), code }
}

/** An organisation whose representative another person follows: the mandates wait for the new one. */
async function suspended(world: World) {
  const { services } = world
  const organisation = await openOrganisation(services)
  const handler = await openPerson(services, { name: '周小桐' })
  await mandate(services, organisation.id, organisation.representative, handler)
  const next = await openPerson(services, { name: '林知行' })
  await register(services, { ...organisation, representative: next })
  await services.legalPersons.open({ uscc: organisation.uscc, person: await find(services, next) }, { actor: 'person' })
  return at(world, `/account/organisations/${organisation.id}`, next)
}

/** Forms with a proof, a code or a mandate. */
export const mandateForms: RoomForm[] = [
  {
    route: 'POST /account/organisations/:id/invite',
    leads: /^\/account\/mandates\/[\w-]+\/offered$/,
    async fill(world) {
      const organisation = await openOrganisation(world.services)
      const handler = await openPerson(world.services, { name: '周小桐' })
      const path = `/account/organisations/${organisation.id}/invite`
      return {
        ...(await at(world, path, organisation.representative)),
        action: '/invite',
        fields: handlerFields(handler.number),
      }
    },
  },
  {
    route: 'POST /account/helpers',
    leads: /^\/account\/mandates\/[\w-]+\/offered$/,
    async fill(world) {
      const helper = await openPerson(world.services, { name: '周小桐' })
      const fields = { name: '周小桐', contact: helper.number, days: '30' }
      const opened = await at(world, '/account/helpers')
      const matter = /name="(matter-[^"]+)"/.exec(opened.page.html)?.[1] ?? ''
      return { ...opened, action: '/account/helpers', fields: { ...fields, [matter]: 'yes' } }
    },
  },
  {
    route: 'POST /account/mandates/sign',
    leads: /^\/account\/mandates\/[\w-]+\/offered$/,
    async fill(world) {
      const organisation = await openOrganisation(world.services)
      const handler = await openPerson(world.services, { name: '周小桐' })
      const { visitor, authenticator } = await withPasskey(world, organisation.representative)
      const form = await visitor.get(`/account/organisations/${organisation.id}/invite`)
      const page = await visitor.submit(form, '/invite', handlerFields(handler.number))
      const response = JSON.stringify(authenticator.get(await askOptions<RequestOptions>(visitor, page)))
      return { visitor, page, action: '/mandates/sign', fields: { response } }
    },
  },
  {
    route: 'POST /account/invitations/open',
    leads: /^\/account\/invitations$/,
    async fill(world) {
      const { code, ...opened } = await invited(world, 'phone')
      return { ...opened, action: '/open', fields: { code } }
    },
  },
  {
    route: 'POST /account/invitations/:id/accept',
    leads: /^\/account\/organisations\/[\w-]+$/,
    fill: async (world) => ({ ...(await invited(world, 'number')), action: '/accept' }),
  },
  {
    route: 'POST /account/invitations/:id/decline',
    leads: /^\/account\/invitations\?done=declined$/,
    fill: async (world) => ({ ...(await invited(world, 'number')), action: '/decline' }),
  },
  {
    route: 'POST /account/mandates/:id/end',
    leads: /^\/account\/organisations\/[\w-]+\?done=\w+(?:&undo=[^&]+)?$/,
    fill: async (world) => ({ ...(await suspended(world)), action: '/end' }),
  },
  {
    route: 'POST /account/mandates/:id/confirm',
    leads: /^\/account\/organisations\/[\w-]+$/,
    fill: async (world) => ({ ...(await suspended(world)), action: '/confirm' }),
  },
  {
    route: 'POST /account/organisations',
    leads: /^\/account\/organisations\/[\w-]+$/,
    async fill(world) {
      const representative = await openPerson(world.services)
      const uscc = creditCode()
      await register(world.services, { uscc, representative })
      const opened = await at(world, '/account/organisations', representative)
      return { ...opened, action: '/account/organisations', fields: { uscc } }
    },
  },
  {
    route: 'POST /account/organisations/level',
    leads: /^\/account\/organisations$/,
    fill: async (world) => byScript(await at(world, '/account/organisations'), '/account/organisations/level'),
  },
]
