import { beforeAll, describe, expect, it } from 'vitest'
import { usualServer, type RunningServer } from '../setup/server.ts'

let server: RunningServer

beforeAll(async () => {
  server = await usualServer()
})

const ask = (path: string, method = 'GET') =>
  fetch(`${server.issuer}/.well-known/${path}`, { method, redirect: 'manual' })

describe('addresses that browsers and password managers know', () => {
  it.each(['GET', 'HEAD'])('%s change-password leads to the form', async (method) => {
    const answer = await ask('change-password', method)
    expect({
      status: answer.status,
      to: new URL(answer.headers.get('location') ?? '', server.issuer).pathname,
    }).toEqual({
      status: 303,
      to: '/account/password',
    })
  })

  it('passkey-endpoints names the pages', async () => {
    const answer = await ask('passkey-endpoints')
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
    expect(await answer.json()).toEqual({
      enroll: `${server.issuer}/account/passkey/add`,
      manage: `${server.issuer}/account/passkey`,
    })
  })

  it.each([
    ['resource-that-should-not-exist-whose-status-code-should-not-be-200', 404],
    ['change-password/more', 404],
    ['openid-configuration', 200],
    ['oauth-authorization-server', 200],
  ])('%s is %d', async (path, status) => {
    expect((await ask(path)).status).toBe(status)
  })
})
