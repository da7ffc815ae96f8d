import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Authenticator } from '../../src/accounts/authenticators.ts'
import { countWaysIn, signInKinds } from '../../src/accounts/sign-in-kinds.ts'
import { readSettings } from '../../src/config/settings.ts'
import { loginMethods } from '../../src/login-methods.ts'
import { unbind as unbindCertificate } from '../../src/login/methods/certificate/keeping.ts'
import { unbind as unbindChannel } from '../../src/login/methods/channel/keeping.ts'
import { openServices, type Services } from '../../src/services.ts'
import { certificateFiles } from '../setup/certificate-login.ts'
import { channelRow, channelsFile, startVendors } from '../setup/channel-vendors.ts'
import { openPerson } from '../setup/person.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

/** The data of an authenticator, the settings that have its vendor or CA, and what removes it. */
interface Origin {
  data: object
  settings: () => Promise<Record<string, string>>
  remove: (services: Services, authenticator: Authenticator) => Promise<void>
}

const removal = { stay: [], by: { actor: 'person' } } as const
const binding = { namespace: 'gd', channel: 'h5', level: 2, boundIn: { level: 2, amr: ['pwd'] }, ids: '' }

/** The settings with one channel of the namespace `gd`. */
async function withChannel(other: { clients?: string[] } = {}) {
  const vendors = await startVendors()
  return { YIDENG_CHANNELS: channelsFile(vendors, [channelRow(vendors, 'wechat-h5', { id: 'h5', ...other })]) }
}

const origins: Record<string, Origin> = {
  channel: {
    data: binding,
    settings: withChannel,
    remove: (services, one) => unbindChannel(services, one, removal),
  },
  certificate: {
    data: { ca: 'gd' },
    settings: async () => ({ YIDENG_CERT_CAS: (await certificateFiles()).file }),
    remove: (services, one) => unbindCertificate(services, one, removal),
  },
}

async function open(directory: string, given: Record<string, string> = {}) {
  const base = { YIDENG_DATA_DIR: join(directory, 'data'), YIDENG_KEYS_DIR: join(directory, 'keys') }
  const services = await openServices(readSettings({ ...base, ...given }), () => Date.now())
  onTestFinished(() => services.close())
  return services
}

describe('the ways into an account', () => {
  it('know which methods depend on a vendor, a CA or an upstream of the settings', () => {
    const methods = new URL('../../src/login/methods/', import.meta.url)
    const endsOrigins = (name: string) =>
      readdirSync(new URL(name, methods)).some((file) => file.startsWith('removed-'))
    for (const method of loginMethods) {
      const depends = 'origin' in method || 'byLinks' in method
      expect(depends, method.name).toBe(endsOrigins(method.name))
    }
  })

  it('are tried here for each such method', () => {
    const having = loginMethods.filter((method) => 'origin' in method).map(({ name }) => name)
    expect(Object.keys(origins).toSorted()).toEqual(having.toSorted())
  })

  it.each(Object.entries(origins))('count no %s of a vendor or CA that left the settings', async (kind, origin) => {
    const directory = temporaryDirectory()
    const before = await open(directory, await origin.settings())
    const person = await openPerson(before)
    await before.authenticators.add({ personId: person.id, kind, data: JSON.stringify(origin.data) })
    await before.authenticators.add({ personId: person.id, kind, data: '{}' })
    expect(await countWaysIn(before, person.id, before.database)).toBe(2)
    const off = () =>
      before.methodLocks.lock(person.id, 'password', 'switched-off', { actor: 'person' }, { keepOne: true })
    expect(await off()).toBe(true)
    expect(await before.methodLocks.unlock(person.id, 'password', { actor: 'person' })).toBe(true)
    await before.close()

    const after = await open(directory)
    expect(await countWaysIn(after, person.id, after.database)).toBe(1)
    const last = { keepOne: true }
    expect(await after.methodLocks.lock(person.id, 'password', 'switched-off', { actor: 'person' }, last)).toBe(false)
  })

  it.each(Object.entries(origins))(
    'keep the last %s while its vendor or CA is there, and no longer',
    async (kind, origin) => {
      const directory = temporaryDirectory()
      const before = await open(directory, await origin.settings())
      const { id: personId } = await openPerson(before)
      const added = await before.authenticators.add({ personId, kind, data: JSON.stringify(origin.data) })
      const row = added ?? expect.fail()
      await before.authenticators.removeAll(personId, 'password')
      await expect(origin.remove(before, row)).rejects.toMatchObject({ code: 'last_way_in' })
      expect(await before.authenticators.list(personId), 'nothing half-done').toHaveLength(1)
      await before.close()

      const after = await open(directory)
      await origin.remove(after, row)
      expect(await after.authenticators.list(personId)).toEqual([])
      await expect(origin.remove(after, row), 'twice').rejects.toMatchObject({ code: 'not_found' })
    },
  )

  it('count no channel that only some portals have', async () => {
    const directory = temporaryDirectory()
    const services = await open(directory, await withChannel({ clients: ['portal'] }))
    const person = await openPerson(services)
    await services.authenticators.add({ personId: person.id, kind: 'channel', data: JSON.stringify(binding) })
    expect(await countWaysIn(services, person.id, services.database)).toBe(1)
    const by = { actor: 'person' } as const
    expect(await services.methodLocks.lock(person.id, 'password', 'switched-off', by, { keepOne: true })).toBe(false)
  })

  it('count every authenticator of a method that depends on the person alone', async () => {
    const services = await open(temporaryDirectory())
    const person = await openPerson(services)
    for (const kind of signInKinds.filter((one) => !(one in origins)))
      await services.authenticators.add({ personId: person.id, kind, data: '{}' })
    const own = signInKinds.filter((one) => !(one in origins)).length
    expect(await countWaysIn(services, person.id, services.database)).toBe(own + 1)
  })
})
