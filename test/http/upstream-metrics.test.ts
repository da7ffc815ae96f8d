import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { countUpstreams } from '../../src/http/upstream-metrics.ts'
import { watchUpstreams } from '../../src/upstreams/outages.ts'
import { createUpstreamAnswers, noteAnswers } from '../../src/upstreams/upstream-answers.ts'
import { openTestServices } from '../setup/test-services.ts'
import { newStep, openUpstreams } from '../setup/upstreams/open.ts'
import { startFakeProvider } from '../setup/upstreams/fake-provider.ts'

it('counts each answer, its time, the last success and outages, also of an upstream that comes later', async () => {
  const { services, forward } = await openTestServices()
  const { clock, database } = services
  const provider = await startFakeProvider()
  const { secret: _secret, publicKey: _key, ...row } = provider.row()
  const rows = {
    city: { ...row, clientSecretFile: 'secret' },
    down: { ...row, id: 'down', issuer: 'http://localhost:9' },
  }
  const open = (given: object[]) => openUpstreams(given, { keys: { secret: provider.secret } })
  const listed = open([rows.city])

  const registry = new Registry()
  const answers = createUpstreamAnswers({ database, clock })
  const counted = countUpstreams(registry, answers)
  const upstreams = watchUpstreams(noteAnswers(listed, { answered: counted.answered, clock }), clock)
  counted.watch(upstreams)
  const line = async (name: string) =>
    (await registry.metrics())
      .split('\n')
      .find((one) => one.startsWith(name))
      ?.split(' ')
      .at(-1)
  expect(await line('yideng_upstream_answers_total{upstream="city",outcome="success"}')).toBe('0')
  expect(await line('yideng_upstream_down{upstream="city"}')).toBe('0')

  const client = upstreams.client('city') ?? expect.fail()
  const step = newStep(client)
  const begun = await client.begin(step)
  const returned = provider.signIn('url' in begun ? begun.url : '')
  expect(await client.identify(step, returned)).toHaveProperty('identity')
  expect(await client.identify(step, returned)).toEqual({ failure: 'code_refused' })
  expect(await line('yideng_upstream_answers_total{upstream="city",outcome="success"}')).toBe('1')
  expect(await line('yideng_upstream_answers_total{upstream="city",outcome="code_refused"}')).toBe('1')
  expect(await line('yideng_upstream_seconds_count{upstream="city"}')).toBe('1')
  await expect
    .poll(() => line('yideng_upstream_last_success_timestamp_seconds{upstream="city"}'))
    .toBe(String(clock() / 1000))
  // a stranger may cause it: it is no failure of the upstream
  expect((await answers.read('city')).failedAt).toBeNull()

  listed.replace(open([rows.city, rows.down]).list())
  forward(60_000)
  await upstreams.checkDue()
  expect(await line('yideng_upstream_down{upstream="down"}')).toBe('1')
  expect(await line('yideng_upstream_answers_total{upstream="down",outcome="unavailable"}')).toBe('0')
  await upstreams.client('down')?.begin(step)
  expect(await line('yideng_upstream_answers_total{upstream="down",outcome="unavailable"}')).toBe('1')
  await expect.poll(async () => (await answers.read('down')).fault).toBe('unavailable')
})
