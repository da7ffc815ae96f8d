import { expect, it } from 'vitest'
import { commandLine } from '../../../cli/in-process.ts'
import { photographedPerson, rightFrames, send, verify } from '../../../setup/face.ts'
import { find } from '../../../setup/organisation.ts'
import { registerPortal } from '../../../setup/portal.ts'
import { startServer } from '../../../setup/server.ts'
import { Visitor } from '../../../setup/visitor.ts'

it('a kiosk accepts a face alone from its networks only, also where a stranger claims such an address', async () => {
  const server = await startServer()
  const services = await server.services()
  const kiosk = await registerPortal(services, { consent: 'implicit' })
  const who = await photographedPerson(services)
  await services.faceConsents.give(await find(services, who), { actor: 'person' })
  const line = commandLine({ environment: server.environment })
  const wrong = await line.yideng('client', 'update', kiosk.clientId, '--network', '10.3.0.1')
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('"10.3.0.1" is no network')])
  const changed = await line.json('client', 'update', kiosk.clientId, '--network', '10.3.0.0/16')
  expect(changed).toMatchObject({ networks: ['10.3.0.0/16'] })

  const restart = async (trustProxy: string) => {
    await server.kill('SIGINT')
    server.environment['YIDENG_FACE_KIOSKS'] = kiosk.clientId
    server.environment['YIDENG_TRUST_PROXY'] = trustProxy
    await server.restart()
  }
  const identify = async (from: string) => {
    const visitor = new Visitor(server.issuer, { 'x-forwarded-for': from })
    const begun = await kiosk.begin()
    const page = await visitor.submit(await visitor.get(begun.url), '/face/identify', { identifier: who.username })
    return { visitor, begun, page }
  }
  const elsewhere = async (from: string) => {
    const { page } = await identify(from)
    expect([page.status, page.html.includes('只能在自助机上使用')], from).toEqual([403, true])
  }

  // behind a proxy that is not trusted every browser is refused, also one that claims such an address
  await restart('false')
  await elsewhere('10.3.0.7')

  await restart('true')
  await elsewhere('203.0.113.9')
  await elsewhere('10.3.0.7, 203.0.113.9')
  await elsewhere('no address')
  const { visitor, begun, page } = await identify('10.3.0.7')
  // begun at the kiosk and carried away
  const away = new Visitor(server.issuer, { 'x-forwarded-for': '203.0.113.9' })
  away.cookies = visitor.cookies
  expect((await away.submit(page, '/face/start', {})).status).toBe(403)
  const captured = await visitor.submit(page, '/face/start', {})
  expect(await send(visitor, captured, await rightFrames(captured), { from: '203.0.113.9' })).toMatchObject({
    status: 403,
    error: 'kiosk_elsewhere',
  })
  const tokens = await begun.finish(await verify(visitor, captured, '10.3.0.7'))
  expect(tokens.claims()).toMatchObject({ amr: ['face'] })
})
