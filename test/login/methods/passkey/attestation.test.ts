import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { isAttested, readRoots } from '../../../../src/login/methods/passkey/attestation.ts'
import { makeMaker, type Maker } from '../../../setup/attestation.ts'
import { noOpenssl } from '../../../setup/certificate.ts'
import { addPasskey, askOptions, signInByPasskey, type CreationOptions } from '../../../setup/passkey.ts'
import { openPerson } from '../../../setup/person.ts'
import { registerPortal } from '../../../setup/portal.ts'
import { signedInPhone } from '../../../setup/qr.ts'
import { startServer, type RunningServer } from '../../../setup/server.ts'
import { SoftwareAuthenticator } from '../../../setup/software-authenticator.ts'
import { Visitor } from '../../../setup/visitor.ts'

/** A certificate is valid from the second it is made in, so a moment before does not do. */
const inAMinute = () => Date.now() + 60_000

describe.skipIf(noOpenssl)('what an authenticator says of itself', () => {
  let server: RunningServer
  let services: Services
  let maker: Maker
  let stranger: Maker

  beforeAll(async () => {
    maker = makeMaker()
    stranger = makeMaker()
    server = await startServer({ YIDENG_PASSKEY_ROOTS: maker.rootFile, YIDENG_ADDRESS_TRIES: '100000' })
    services = await server.services()
  })

  const ways: [string, () => ConstructorParameters<typeof SoftwareAuthenticator>[1], string][] = [
    ['nothing', () => ({}), 'swk'],
    ['by its own key that it is hardware', () => ({ attest: 'self' }), 'swk'],
    ['by a maker nobody accepted', () => ({ attest: stranger }), 'swk'],
    ['by an accepted maker, but is synchronised', () => ({ attest: maker, synced: true }), 'swk'],
    ['by an accepted maker', () => ({ attest: maker }), 'hwk'],
  ]

  it.each(ways)('%s: amr never claims more than was seen', async (_what, how, expected) => {
    const person = await openPerson(services)
    const visitor = await signedInPhone(server.issuer, person)
    const authenticator = new SoftwareAuthenticator(server.issuer, how())
    expect((await addPasskey(visitor, authenticator)).url.search).toBe('?done=added')
    const portal = await registerPortal(services, { consent: 'implicit' })
    const browser = new Visitor(server.issuer)
    const begun = await portal.begin()
    const tokens = await begun.finish(await signInByPasskey(browser, await browser.get(begun.url), authenticator))
    expect(tokens.claims()?.amr).toEqual([expected, 'user'])
  })

  it('is requested only from administrators and people whose face was verified', async () => {
    const asked = async (person: Awaited<ReturnType<typeof openPerson>>) => {
      const visitor = await signedInPhone(server.issuer, person)
      const page = await visitor.get('/account/passkey/add')
      return (await askOptions<CreationOptions & { attestation: string }>(visitor, page)).attestation
    }
    const [plain, admin, proven] = [await openPerson(services), await openPerson(services), await openPerson(services)]
    await services.administrators.grant({ personId: admin.id, role: 'viewer', region: '440000' }, 'administrator:test')
    const found = (await services.persons.find(proven.id)) ?? expect.fail()
    await services.identityProofs.proveAtCounter(found, { bothPresent: true }, { actor: 'administrator:test' })
    expect([await asked(plain), await asked(admin), await asked(proven)]).toEqual(['none', 'direct', 'direct'])
  })

  it('counts by certificates that lead to a root, each in its time, of hardware formats', () => {
    const now = inAMinute()
    const roots = readRoots(maker.rootFile)
    const x5c = [maker.certificate]
    const root = new X509Certificate(readFileSync(maker.rootFile)).raw
    expect(isAttested({ fmt: 'packed', x5c }, roots, now)).toBe(true)
    expect(isAttested({ fmt: 'packed', x5c: [maker.certificate, root] }, roots, now)).toBe(true)
    expect(isAttested({ fmt: 'packed', x5c: [stranger.certificate, root] }, roots, now)).toBe(false)
    expect(isAttested({ fmt: 'packed', x5c: [stranger.certificate, maker.certificate] }, roots, now)).toBe(false)
    expect(isAttested({ fmt: 'packed', x5c }, [], now)).toBe(false)
    expect(isAttested({ fmt: 'packed', x5c: [] }, roots, now)).toBe(false)
    expect(isAttested({ fmt: 'none', x5c }, roots, now)).toBe(false)
    expect(isAttested({ fmt: 'packed', x5c }, roots, now + 91 * 86_400_000)).toBe(false)
    expect(isAttested({ fmt: 'packed', x5c }, roots, now - 86_400_000)).toBe(false)
  })

  it('no roots are none, and a file without them stops the start', () => {
    expect(readRoots('')).toEqual([])
    const file = join(mkdtempSync(join(tmpdir(), 'yideng-roots-')), 'roots.pem')
    for (const content of ['', 'x', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']) {
      writeFileSync(file, content)
      expect(() => readRoots(file)).toThrow('YIDENG_PASSKEY_ROOTS')
    }
    expect(() => readRoots(`${file}.none`)).toThrow('YIDENG_PASSKEY_ROOTS')
  })
})
