import { decodeJwt } from 'jose'
import * as oidc from 'openid-client'
import { expect, it } from 'vitest'
import { registerPortal } from '../setup/portal.ts'
import { openPerson } from '../setup/person.ts'
import { startServer } from '../setup/server.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { commandLine } from '../cli/in-process.ts'

const api = 'https://licences.example.gov.cn/'

it('a service is never mistaken for a person: its tokens name the service, and its id is never that of an account', async () => {
  const file = join(temporaryDirectory(), 'resources.json')
  writeFileSync(
    file,
    JSON.stringify({
      [api]: {
        name: { 'zh-CN': '电子证照库', en: 'Library' },
        scopes: { 'licence:read': { 'zh-CN': '看', en: 'See' } },
      },
    }),
  )
  const server = await startServer({ YIDENG_RESOURCES: file })
  const services = await server.services()
  const person = await openPerson(services)
  const service = await registerPortal(services, { type: 'service', redirect_uris: [], resources: [api] })
  const ask = (more: Record<string, string> = {}) => oidc.clientCredentialsGrant(service.configuration, more)

  const jwt = await ask({ resource: api, scope: 'licence:read' })
  expect(decodeJwt(jwt.access_token)).toMatchObject({ sub: service.clientId, client_id: service.clientId })
  expect(jwt.id_token).toBeUndefined()
  const opaque = await ask()
  expect(await oidc.tokenIntrospection(service.configuration, opaque.access_token)).not.toMatchObject({
    sub: expect.not.stringMatching(service.clientId) as string,
  })
  const userinfo = await fetch(`${server.issuer}/userinfo`, {
    headers: { authorization: `Bearer ${opaque.access_token}` },
  })
  expect(userinfo.status).toBe(401)

  // the id of an account is a UUID; the id of a portal may not look like one, also in an import
  const { yideng } = commandLine({ environment: server.environment })
  const portals = join(temporaryDirectory(), 'portals.yaml')
  writeFileSync(portals, `portals:\n  - { client_id: ${person.id}, name: x, type: service }\n`)
  const imported = await yideng('client', 'import', portals)
  expect(imported).toMatchObject({ code: 2, out: '' })
  expect(imported.err).toContain('client_id')
})
