import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { commandLine } from '../cli/in-process.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { rawPortal } from '../setup/raw-portal.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { fakeSignatureServer } from '../setup/signature-server.ts'
import { Visitor } from '../setup/visitor.ts'
import { decodeProtectedHeader } from 'jose'

type Portal = Awaited<ReturnType<typeof rawPortal>>
let fake: Awaited<ReturnType<typeof fakeSignatureServer>>
let server: RunningServer
let services: Services
let [gm, usual]: Portal[] = []
beforeAll(async () => {
  fake = await fakeSignatureServer()
  server = await startServer({ YIDENG_SM2_KEYS: 'svs', YIDENG_SVS: fake.file })
  services = await server.services()
  gm = await rawPortal(services, { id_token_alg: 'SGD_SM3_SM2' })
  usual = await rawPortal(services, {})
})

const portal = (one: Portal | undefined) => one ?? expect.unreachable('no portal')

async function enter(at: Portal) {
  const visitor = new Visitor(server.issuer)
  const begun = at.begin()
  const page = await signIn(visitor, await visitor.get(begun.url), (await openPerson(services)).username)
  return { visitor, tokens: await begun.finish(page) }
}

const ready = async () => {
  const answer = await fetch(`${server.issuer}/readyz`)
  return [answer.status, await answer.json()]
}
const metric = async (name: string) => {
  const text = await (await fetch(`${server.issuer}/metrics`)).text()
  return Number(new RegExp(`^${name.replace(/[{}]/g, String.raw`\$&`)} (\\S+)`, 'm').exec(text)?.[1])
}
const doctor = async () => {
  const { yideng } = commandLine({ environment: server.environment })
  const { out } = await yideng('doctor', '--json')
  const { checks } = JSON.parse(out) as { checks: { state: string; what: string; finding: string }[] }
  return checks.filter(({ what }) => what === 'signature server')
}

describe('the signature server', () => {
  it('signs the tokens of portals with SM2, and of no other', async () => {
    const calls = fake.state.calls
    const { tokens } = await enter(portal(usual))
    expect(tokens.id_token).toBeTypeOf('string')
    expect(fake.state.calls).toBe(calls)
    const signed = await enter(portal(gm))
    const { alg, kid } = decodeProtectedHeader(signed.tokens.id_token ?? '')
    const { keys } = (await (await fetch(`${server.issuer}/jwks-gm`)).json()) as { keys: { kid: string }[] }
    expect([alg, kid]).toEqual(['SGD_SM3_SM2', keys[0]?.kid])
    expect(fake.state.calls).toBe(calls + 1)
    expect(await metric('yideng_signature_server_calls_total{outcome="success"}')).toBeGreaterThan(0)
    expect(await doctor()).toMatchObject([{ state: 'ok', finding: expect.stringContaining('signs') }])
    expect(await ready()).toEqual([200, { status: 'ready' }])
  })

  it.each(['gone', 'wrong key', 'slow'] as const)(
    '%s: its portals get a calm page, the others go on, and operators see it; then it works again',
    { timeout: 120_000 },
    async (fault) => {
      const [before, later] = [await enter(portal(gm)), await enter(portal(gm))]
      const refresh = ({ tokens }: typeof before) => portal(gm).refresh(tokens.refresh_token ?? '')
      fake.state.fault = fault
      for (let count = 0; count < 3; count += 1)
        expect(await refresh(count === 0 ? before : later)).toMatchObject({ error: 'temporarily_unavailable' })

      const visitor = new Visitor(server.issuer)
      const page = await visitor.get(portal(gm).begin().url)
      expect(page.status).toBe(503)
      expect(page.html).toContain('这个门户暂时无法登录')
      expect(page.leads).toBeUndefined()
      expect((await enter(portal(usual))).tokens.id_token).toBeTypeOf('string')
      expect(await ready()).toEqual([200, { status: 'ready', limited: ['signature server'] }])
      expect(await metric('yideng_signature_server_down')).toBe(1)
      expect(await doctor()).toMatchObject([{ state: 'fail', finding: expect.stringContaining('does not sign') }])

      fake.state.fault = 'none'
      // the probe failed before a refresh token was used up
      await until(async () => typeof (await refresh(later)).id_token === 'string')
      expect(await ready()).toEqual([200, { status: 'ready' }])
      expect((await enter(portal(gm))).tokens.id_token).toBeTypeOf('string')
    },
  )
})

it('a software key of SM2 is refused in production unless the operator accepts it by name', async () => {
  const environment = { ...server.environment, NODE_ENV: 'production', YIDENG_ISSUER: 'https://login.example.gov.cn' }
  const create = async (more: Record<string, string>) => {
    const { yideng } = commandLine({ environment: { ...environment, ...more } })
    const words = [
      '--name',
      `国密门户 ${more['YIDENG_SM2_KEYS'] ?? ''}`,
      '--redirect-uri',
      'https://gm.example.gov.cn/cb',
    ]
    return yideng('client', 'create', ...words, '--id-token-alg', 'SGD_SM3_SM2', '--json')
  }
  const refused = await create({ YIDENG_SM2_KEYS: '', YIDENG_SVS: '' })
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('YIDENG_SM2_KEYS') })
  expect(await create({ YIDENG_SM2_KEYS: 'software', YIDENG_SVS: '' })).toMatchObject({ code: 0 })
  expect(await create({ YIDENG_SM2_KEYS: 'svs', YIDENG_SVS: '' })).toMatchObject({
    err: expect.stringContaining('YIDENG_SVS'),
  })
})
