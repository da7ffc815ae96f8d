import { writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { upstreamFile } from '../../../src/admin/doctor/upstreams.ts'
import { readSettings } from '../../../src/config/settings.ts'
import { createUpstreamAnswers } from '../../../src/upstreams/upstream-answers.ts'
import { commandLine, unansweredIssuer, zhangSan } from '../../cli/in-process.ts'
import { startFakeProvider, type Misbehaviour } from '../../setup/upstreams/fake-provider.ts'
import { upstreamsFile } from '../../setup/upstreams/open.ts'

const provider = await startFakeProvider()
const { secret: _secret, publicKey: _key, ...row } = provider.row({ region: '440600', levels: { high: 3 } })
const file = upstreamsFile([{ ...row, clientSecretFile: 'secret' }], { secret: provider.secret })
const environment = { YIDENG_UPSTREAMS: file, ...unansweredIssuer }
/** What a city announces that has all we need. */
const announced = {
  scopes_supported: ['openid', 'profile', 'identity', 'phone'],
  acr_values_supported: ['high'],
  code_challenge_methods_supported: ['S256'],
}

beforeEach(() => provider.behave({ discovery: announced }))

interface Checked {
  works: boolean
  checks: { state: string; what: string; finding: string; todo?: string }[]
}

async function check(bad?: Misbehaviour, line = commandLine({ environment })): Promise<Checked> {
  if (bad) provider.behave({ ...bad, discovery: { ...announced, ...bad.discovery } })
  return JSON.parse((await line.yideng('upstream', 'check', 'city', '--json')).out) as Checked
}

/** The checks of one state, by name. */
const those = ({ checks }: Checked, state: string) =>
  checks.filter((one) => one.state === state).map(({ what, finding }) => `${what}: ${finding}`)

it('lists the upstreams with their people and last answers, never a secret', async () => {
  let now = Date.parse('2026-11-30T08:00:00Z')
  const line = commandLine({ environment, clock: () => now })
  const argv = ['person', 'create', ...zhangSan, '--password-stdin', '--json']
  const { id: personId } = JSON.parse((await line.yidengWith('Nanshan-7-lychee\n', ...argv)).out) as { id: string }
  await line.withServices(async (services) => {
    for (const subject of ['a', 'b']) {
      const link = { upstream: 'city', subject, personId, level: 2 }
      await services.upstreamLinks.add(services.database, { ...link, way: 'sign-in' } as never)
      const found = await services.upstreamLinks.find(link)
      if (found && subject === 'a') await services.upstreamLinks.used(found)
    }
    const answers = createUpstreamAnswers(services)
    answers.note('city', 'success', 120)
    answers.note('city', 'unavailable', 5000)
    answers.note('city', 'code_refused', 50)
    await expect.poll(async () => (await answers.read('city')).milliseconds).toBe(120)
  })
  const { out } = await line.yideng('upstream', 'list', '--json')
  expect(JSON.parse(out)).toEqual([
    {
      id: 'city',
      kind: 'oidc',
      name: '佛山市统一身份认证',
      region: '440600',
      linking: 'number',
      people: 1,
      people_30_days: 1,
      last_success: '2026-11-30T08:00:00.000Z',
      last_failure: '2026-11-30T08:00:00.000Z',
      failure: 'unavailable',
      milliseconds: 120,
    },
  ])
  expect(out).not.toContain(provider.secret)
  now += 31 * 86_400_000
  expect(JSON.parse((await line.yideng('upstream', 'list', '--json')).out)).toMatchObject([{ people_30_days: 0 }])
})

it('says where the list comes from when there is none', async () => {
  const { code, out } = await commandLine().yideng('upstream', 'list')
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('YIDENG_UPSTREAMS names their file') })
})

describe('upstream check', () => {
  it('finds nothing at a provider that behaves, in both languages', async () => {
    const line = commandLine({ environment })
    const checked = await check(undefined, line)
    expect(those(checked, 'fail')).toEqual([])
    expect(checked.works).toBe(true)
    expect(checked.checks.map(({ what }) => what)).toEqual([
      'discovery document',
      'clock',
      'keys',
      'answer without a page',
      'sign-out',
      'sign-in page',
      'wrong code',
    ])
    const chinese = commandLine({ environment: { ...environment, LANG: 'zh_CN.UTF-8' } })
    const { out } = await chinese.yideng('upstream', 'check', 'city')
    expect(out).toMatch(/发现文档：\d+ 毫秒内应答/)
  })

  it.each<[string, Misbehaviour, RegExp]>([
    ['no document', { status: { '/.well-known/openid-configuration': 404 } }, /discovery document: .* status 404/],
    [
      'another issuer',
      { discovery: { issuer: 'https://other.example' } },
      /the document is of the issuer https:\/\/other/,
    ],
    ['a document without keys', { discovery: { jwks_uri: undefined } }, /without a usable jwks_uri/],
    ['no key set', { status: { '/jwks': 500 } }, /keys: .* gives no key set/],
    ['a page that refuses our address', { status: { '/authorize': 400 } }, /sign-in page: .* status 400/],
    ['an error at the page', { response: { error: 'invalid_scope' } }, /sign-in page: .* invalid_scope/],
    ['a token endpoint that is down', { status: { '/token': 503 } }, /wrong code: the answer is unavailable/],
    ['a state that is dropped', { response: { state: undefined } }, /does not return state/],
    [
      'another issuer in the answer',
      {
        discovery: { authorization_response_iss_parameter_supported: true },
        response: { iss: 'https://other.example' },
      },
      /another issuer than/,
    ],
  ])('fails with a plain sentence: %s', async (_what, bad, sentence) => {
    const checked = await check(bad)
    expect(checked.works).toBe(false)
    expect(those(checked, 'fail').join('\n')).toMatch(sentence)
    for (const { state, todo } of checked.checks) if (state === 'fail') expect(todo).toMatch(/\w{3}/)
  })

  it.each<[string, Misbehaviour, RegExp]>([
    ['a scope', { discovery: { scopes_supported: ['openid'] } }, /does not announce profile identity phone/],
    ['a level', { discovery: { acr_values_supported: ['low'] } }, /levels: .* high/],
    ['PKCE', { discovery: { code_challenge_methods_supported: undefined } }, /PKCE/],
    ['sign-out', { discovery: { end_session_endpoint: undefined } }, /has no sign-out/],
    ['our address after the sign-out', { status: { '/logout': 400 } }, /does not accept our sign-out/],
  ])('warns where the provider does not have: %s', async (_what, bad, sentence) => {
    const checked = await check(bad)
    expect(checked.works).toBe(true)
    expect(those(checked, 'warn').join('\n')).toMatch(sentence)
  })

  it('sees clocks that differ, and a secret that the provider refuses', async () => {
    const off = commandLine({ environment, clock: () => Date.now() - 120_000 })
    expect(those(await check(undefined, off), 'fail').join()).toMatch(/clock: the upstream is 1[12]\d s ahead/)
    const wrong = upstreamsFile([{ ...row, clientSecretFile: 'secret' }], { secret: 'wrong' })
    const line = commandLine({ environment: { ...environment, YIDENG_UPSTREAMS: wrong } })
    expect(those(await check(undefined, line), 'fail')).toEqual(['wrong code: the answer is misconfigured'])
  })

  it('knows no other upstream', async () => {
    expect(await commandLine({ environment }).yideng('upstream', 'check', 'other')).toMatchObject({ code: 3 })
  })
})

it('doctor shows the fault of the file', () => {
  const bad = upstreamsFile([], {})
  const settings = readSettings({ YIDENG_UPSTREAMS: bad })
  expect(upstreamFile(settings)).toMatchObject([{ state: 'ok' }])
  writeFileSync(bad, '[{')
  expect(upstreamFile(settings)).toMatchObject([
    { state: 'fail', finding: expect.stringContaining('no JSON document') },
  ])
  expect(upstreamFile(readSettings({}))).toEqual([])
})

it('doctor shows the last answers of each upstream', async () => {
  const line = commandLine({ environment, clock: () => Date.parse('2026-11-30T08:00:00Z') })
  await line.withServices(async (services) => {
    const answers = createUpstreamAnswers(services)
    answers.note('city', 'misconfigured', 10)
    await expect.poll(async () => (await answers.read('city')).fault).toBe('misconfigured')
  })
  const { out } = await line.yideng('doctor', '--json')
  const { checks } = JSON.parse(out) as { checks: { what: string; state: string; todo?: string }[] }
  expect(checks.filter(({ what }) => what === 'upstreams')).toMatchObject([
    { state: 'ok' },
    { state: 'warn', todo: 'npx yideng upstream check city' },
  ])
})
