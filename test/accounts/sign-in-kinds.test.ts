import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { countWaysIn, signInKinds } from '../../src/accounts/sign-in-kinds.ts'
import { readSettings } from '../../src/config/settings.ts'
import { loginMethods } from '../../src/login-methods.ts'
import { openServices } from '../../src/services.ts'
import { certificateFiles } from '../setup/certificate-login.ts'
import { channelRow, channelsFile, startVendors } from '../setup/channel-vendors.ts'
import { openPerson } from '../setup/person.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

/** The data of an authenticator, and the settings that have its vendor or CA. */
interface Origin {
  data: object
  settings: () => Promise<Record<string, string>>
}

const origins: Record<string, Origin> = {
  channel: {
    data: { namespace: 'gd' },
    async settings() {
      const vendors = await startVendors()
      return { YIDENG_CHANNELS: channelsFile(vendors, [channelRow(vendors, 'wechat-h5', { id: 'h5' })]) }
    },
  },
  certificate: { data: { ca: 'gd' }, settings: async () => ({ YIDENG_CERT_CAS: (await certificateFiles()).file }) },
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

  it('count every authenticator of a method that depends on the person alone', async () => {
    const services = await open(temporaryDirectory())
    const person = await openPerson(services)
    for (const kind of signInKinds.filter((one) => !(one in origins)))
      await services.authenticators.add({ personId: person.id, kind, data: '{}' })
    const own = signInKinds.filter((one) => !(one in origins)).length
    expect(await countWaysIn(services, person.id, services.database)).toBe(own + 1)
  })
})
