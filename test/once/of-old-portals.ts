import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { gatewayTokenOf } from '../../src/clients/gateway-token.ts'
import { tifSignature } from '../../src/protocols/tif/tif-signed-call.ts'
import { called, codeAt, registerOldPortal } from '../setup/old-portal.ts'
import { openPerson } from '../setup/person.ts'
import { Visitor } from '../setup/visitor.ts'
import type { OneTimeThing } from './things.ts'

/** One-time things of legacy protocols: codes, and nonces of signed calls. */
export const ofOldPortals: OneTimeThing[] = [
  {
    what: 'code of an old portal',
    where: 'oidc/artifacts/adapter.ts',
    rounds: 3,
    async prepare({ server, services }) {
      const portal = await registerOldPortal(services)
      const { username } = await openPerson(services)
      const code = await codeAt(portal, new Visitor(server.issuer), username)
      const won: string[] = []
      return {
        async use() {
          const { status, body } = await called(portal.tokens(code))
          if (status !== 200) return false
          won.push(String(body['access_token']))
          return true
        },
        async after() {
          const [token = ''] = won
          expect(await called(portal.info(token))).toMatchObject({ status: 200 })
        },
      }
    },
  },
  {
    what: 'nonce of a signed call of a mini program',
    where: 'protocols/tif/tif-signed-call.ts',
    rounds: 3,
    async prepare({ server, services }) {
      const portal = await registerOldPortal(services)
      const token = gatewayTokenOf(services.dataKeys.pairwise, portal.client)
      const [timestamp, nonce] = [String(Math.floor(services.clock() / 1000)), randomUUID()]
      return {
        async use() {
          const { body } = await called(`${server.issuer}/tif/sso/connect/page/oneoffcode2yrzuserinfo`, {
            method: 'POST',
            headers: {
              'content-type': 'application/json',
              'x-tif-paasid': portal.client.id,
              'x-tif-timestamp': timestamp,
              'x-tif-nonce': nonce,
              'x-tif-signature': tifSignature(timestamp, token, nonce),
            },
            body: JSON.stringify({ ryz_access_token: 'no code' }),
          })
          // the signature was taken, and there is no such code
          return body['error_code'] === 'invalid_grant'
        },
      }
    },
  },
]
