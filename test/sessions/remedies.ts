import type { byOrigin, Remedy } from '../../docs/revocation-matrix.ts'
import type { Services } from '../../src/services.ts'
import { photographed, recoveringByFace, verify } from '../setup/face.ts'
import { find } from '../setup/organisation.ts'
import type { TestPortal } from '../setup/portal.ts'
import { askText, provenPhone } from '../setup/proven-phone.ts'
import { choose, newPassword, recoverBy } from '../setup/recovery.ts'
import { rivalOf } from '../setup/rival.ts'
import type { startRecycledVendor } from '../setup/recycled-vendor.ts'
import type { startSmsGateway } from '../setup/sms-gateway.ts'
import { stopLink } from '../setup/stop.ts'
import { copyOf, type Robbed } from '../setup/thief.ts'
import type { Page } from '../setup/visitor.ts'

export const by = { actor: 'administrator:test' }

/** A server and the network of one case. */
export interface Scene {
  services: Services
  issuer: string
  headers: Record<string, string>
  portal: TestPortal
  texts: Awaited<ReturnType<typeof startSmsGateway>>
  vendor: Awaited<ReturnType<typeof startRecycledVendor>>
}

type Act = (scene: Scene, one: Robbed) => Promise<unknown>

const signInOf = async ({ services }: Scene, { person }: Robbed) => {
  const entries = await services.audit.ofPerson(person.id, { events: ['login.succeeded'], limit: 99 })
  return entries.toReversed().find(({ details }) => details['method'] === 'passkey')?.details['signIn']
}

/** Applies each remedy. This process applies those of administrators and registers, the server the others. */
export const acts: Record<Exclude<Remedy, 'representation' | (typeof byOrigin)[keyof typeof byOrigin][number]>, Act> = {
  async one(scene, { owner, thief }) {
    // each page has a button for every session but its own
    const [mine, theirs] = await Promise.all(
      [owner, copyOf(thief, scene.issuer, scene.headers)].map(async (visitor) => visitor.get('/account/sessions')),
    )
    const named = (page: Page | undefined) =>
      [...(page?.html ?? '').matchAll(/\/account\/sessions\/([\w-]+)\/end"/g)].map(([, uid]) => uid)
    const uid = named(mine).find((one) => !named(theirs).includes(one))
    return mine && owner.lose(mine, `/account/sessions/${uid}/end`)
  },
  others: async (_scene, { owner }) => owner.lose(await owner.get('/account/sessions'), '/end-others'),
  'not-me': async (scene, one) =>
    one.owner.submit(await one.owner.get(`/account/history/${String(await signInOf(scene, one))}`), '/not-me', {}),
  password: async (_scene, { owner }) =>
    owner.submit(await owner.get('/account/password'), '/account/password', {
      password: newPassword,
      password_again: newPassword,
    }),
  removed: async (_scene, { owner, stolen }) =>
    owner.lose(await owner.get(`/account/passkey/${stolen?.id}`), '/remove'),
  'switched-off': async (_scene, { owner }) => owner.lose(await owner.get('/account/ways'), '/passkey/off'),
  recovery: async ({ services }, { person, codes }) =>
    recoverBy(services, { identifier: person.username, knowledge: person.phone, code: codes[0] ?? '' }),
  async text({ services, texts }, { person, browser }) {
    await provenPhone(services, person, 31)
    const visitor = browser()
    const page = await askText(visitor, person)
    const { code } = await texts.textTo(`+86${person.phone}`)
    return choose(visitor, await visitor.submit(page, '/recover/sms/code', { code }))
  },
  async face({ services, headers }, { person, browser }) {
    await photographed(services, person)
    const visitor = browser()
    const { page } = await recoveringByFace(visitor, person)
    return choose(visitor, await verify(visitor, page, headers['x-forwarded-for']))
  },
  async stop({ services }, { person, browser }) {
    const visitor = browser()
    return visitor.submit(await visitor.get(await stopLink(services, person.id)), '/recover/stop', {})
  },
  lock: async ({ services }, { person }) => services.persons.setStatus(person.id, 'locked', by),
  'signed-out': async ({ services }, { person }) => services.persons.endSignIns(person.id, by),
  async corrected({ services }, { person }) {
    const phone = `+86${person.phone.replace(/^138/, '130')}`
    const corrected = await services.persons.correct(person.id, { phone }, { by, source: 'counter' })
    if (!corrected.ok) throw new Error(corrected.problem)
  },
  async recycled({ services, vendor }, { person }) {
    await provenPhone(services, person, 200, 200)
    vendor.says(person.phone, 'changed')
    return services.phoneProofs.checkHands({ personId: person.id, phone: `+86${person.phone}` })
  },
  async supersede({ services }, { person }) {
    const winner = await rivalOf(services, person)
    return services.identityProofs.proveAtCounter(await find(services, winner), { bothPresent: true }, by)
  },
  closing: async (_scene, { owner }) =>
    owner.submit(await owner.get('/account/closing'), '/account/closing', { confirm: '注销我的账户' }),
  async closed({ services }, { person }) {
    await services.closing.ask(person.id, by)
    const due = { closes_at: services.clock() - 1 }
    await services.database.updateTable('natural_persons').set(due).where('id', '=', person.id).execute()
    return services.closing.erase(person.id)
  },
}
