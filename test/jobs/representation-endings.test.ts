import { createServer, type Server } from 'node:http'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { acting } from '../setup/acting.ts'
import { freePort } from '../setup/free-port.ts'
import { end, find, register } from '../setup/organisation.ts'
import { openPerson } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { rivalOf } from '../setup/rival.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { passwordAuthenticator } from '../../src/login/methods/password/stored-password.ts'

let server: RunningServer
let services: Services
const listeners: Server[] = []

beforeAll(async () => {
  server = await startServer()
  services = await server.services()
})
afterAll(() => listeners.forEach((listener) => listener.close()))

/** A portal that records back-channel logouts. */
async function listeningPortal() {
  const told: { sid: unknown; at: number }[] = []
  const port = await freePort()
  const listener = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      told.push({ sid: decodeJwt(new URLSearchParams(body).get('logout_token') ?? '')['sid'], at: Date.now() })
      response.writeHead(200).end()
    })
  })
  listeners.push(listener)
  await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve))
  const uri = `http://127.0.0.1:${port}/backchannel-logout`
  const portal = await registerPortal(services, {
    scope: 'openid representee',
    consent: 'implicit',
    backchannel_logout_uri: uri,
  })
  return { told, portal }
}

type Acting = Awaited<ReturnType<typeof acting>>

it.each([
  ['the representative revokes', (one: Acting) => end(services, one.mandate.id, one.organisation.representative)],
  ['the handler gives it back', (one: Acting) => end(services, one.mandate.id, one.handler)],
  [
    'an administrator suspends the organisation',
    (one: Acting) => services.legalPersons.setStatus(one.organisation.id, 'suspended', { actor: 'administrator:test' }),
  ],
  ['the register strikes it off', (one: Acting) => register(services, { ...one.organisation, status: 'cancelled' })],
  [
    'the register names another representative',
    async (one: Acting) => register(services, { ...one.organisation, representative: await openPerson(services) }),
  ],
  [
    'the representative is locked',
    (one: Acting) =>
      services.persons.setStatus(one.organisation.representative.id, 'locked', { actor: 'administrator:test' }),
  ],
  [
    'the representative loses the number to another account',
    async (one: Acting) => {
      const rival = await rivalOf(services, one.organisation.representative)
      const by = { actor: 'administrator:test' }
      return services.identityProofs.proveAtCounter(await find(services, rival), { bothPresent: true }, by)
    },
  ],
  [
    'the representative’s account is recovered and held',
    async (one: Acting) => {
      const link = await services.recovery.makeLink(
        one.organisation.representative.id,
        { counter: false },
        { actor: 'x' },
      )
      const pass = link && (await services.recovery.checkLink(link.token))
      if (pass) await services.recovery.recover(pass, passwordAuthenticator('no hash'), { actor: 'person' })
    },
  ],
])('tells the portals that hold a mandate within five seconds when %s', async (_what, happen) => {
  const [here, bystander] = [await listeningPortal(), await listeningPortal()]
  const one = await acting(services, here.portal)
  await acting(services, bystander.portal)
  const begun = Date.now()
  await happen(one)
  await until(async () => here.told.length > 0)
  const [notice] = here.told
  expect(notice?.sid).toBe(one.tokens.claims()?.['sid'])
  expect((notice?.at ?? 0) - begun).toBeLessThan(5000)
  expect(bystander.told).toEqual([])
  // the person is still signed in for themself
  const again = await here.portal.begin()
  const question = await one.visitor.get(again.url)
  expect(question.html).not.toContain('name="password"')
})

it('ends the grants of a mandate that expires', async () => {
  const { told, portal } = await listeningPortal()
  const { tokens } = await acting(services, portal, { days: 3 / 86_400 })
  await until(async () => told.length > 0)
  expect(told[0]?.sid).toBe(tokens.claims()?.['sid'])
})

it('tells the portals also after a crash between act and notice', async () => {
  const { told, portal } = await listeningPortal()
  const one = await acting(services, portal)
  await server.kill('SIGKILL')
  await end(services, one.mandate.id, one.organisation.representative)
  await server.restart()
  await until(async () => told.length > 0)
  expect(told[0]?.sid).toBe(one.tokens.claims()?.['sid'])
})
