import fc from 'fast-check'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { gbkBytes } from '../../src/accounts/passwords/legacy-hashes/password-bytes.ts'
import type { UpstreamAnswer, UpstreamClient } from '../../src/upstreams/upstream-client.ts'
import { inLongRun } from '../setup/long-run.ts'
import { alterations, endpointOf, names, onText, sentSubject, values } from '../setup/upstreams/alterations.ts'
import { anna, bert, everyOldKind, startOldSystems, type OldKind, type OldSystems } from '../setup/upstreams/kinds.ts'
import { newStep, walk } from '../setup/upstreams/open.ts'

let old: OldSystems
let clients: Record<OldKind, UpstreamClient>
/** The same kinds at systems of another city. */
let others: Record<OldKind, UpstreamClient>
const clientsOf = (systems: OldSystems) =>
  Object.fromEntries(everyOldKind.map((kind) => [kind, systems.client(kind)])) as Record<OldKind, UpstreamClient>

beforeAll(async () => {
  old = await startOldSystems()
  clients = clientsOf(old)
  const elsewhere = await startOldSystems()
  elsewhere.visitedBy(bert)
  others = clientsOf(elsewhere)
})
beforeEach(() => {
  old.well()
  old.visitedBy(anna)
})

const runs = { numRuns: inLongRun(80, 1500) }
const failures = ['declined', 'code_refused', 'answer_invalid', 'unavailable', 'misconfigured']

it.each(Object.keys(endpointOf) as (keyof typeof endpointOf)[])(
  'an altered answer of %s names exactly the subject that it has, or is a failure',
  async (kind) => {
    const seen = { identity: 0, failure: 0 }
    await fc.assert(
      fc.asyncProperty(alterations, async (alter) => {
        let sent = ''
        old.systems[kind].alter(endpointOf[kind], (text) => (sent = alter(text)))
        const step = newStep(clients[kind])
        const answer = await clients[kind].identify(step, await walk(clients[kind], step))
        count(seen, answer)
        if ('identity' in answer) expect(answer.identity.subject).toBe(sentSubject[kind](sent))
      }),
      runs,
    )
    expect(Math.min(seen.identity, seen.failure)).toBeGreaterThan(0)
  },
)

it('an altered message of an adapter names exactly the subject that was signed, or is a failure', async () => {
  const seen = { identity: 0, failure: 0 }
  const client = clients.adapter
  const payloads = fc.oneof(
    fc.record({ name: fc.oneof(names, fc.constantFrom('nonce', 'iss', 'aud', 'exp', 'iat')), value: values }),
    fc.constant({ name: 'other', value: 1 }),
  )
  await fc.assert(
    fc.asyncProperty(payloads, fc.option(onText, { nil: undefined }), async ({ name, value }, alter) => {
      let signed: Record<string, unknown> = {}
      old.adapter.alterPayload((payload) => (signed = { ...payload, [name]: value }))
      const step = newStep(client)
      const returned = await walk(client, step)
      const answer = await client.identify(step, {
        ...returned,
        response: alter?.(returned['response'] ?? '') ?? returned['response'] ?? '',
      })
      count(seen, answer)
      if ('identity' in answer) expect(answer.identity.subject).toBe(signed['sub'])
    }),
    runs,
  )
  expect(Math.min(seen.identity, seen.failure)).toBeGreaterThan(0)
})

function count(seen: { identity: number; failure: number }, answer: UpstreamAnswer): void {
  seen['failure' in answer ? 'failure' : 'identity'] += 1
  if ('failure' in answer) expect(failures).toContain(answer.failure)
}

describe.each(everyOldKind)('what browsers bring back from %s', (kind) => {
  it('counts for its own step of its own upstream alone, in any order', async () => {
    const places = [clients[kind], clients[kind], others[kind], others[kind]] as const
    const index = fc.nat({ max: places.length - 1 })
    const seen = { identity: 0, failure: 0 }
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(index, index), { minLength: 1, maxLength: 8 }), async (tries) => {
        const walks = await Promise.all(
          places.map(async (client) => {
            const step = newStep(client)
            return { client, step, returned: await walk(client, step) }
          }),
        )
        for (const [taker, giver] of tries) {
          const { client, step } = walks[taker] ?? raise()
          const { returned, step: origin } = walks[giver] ?? raise()
          // the thief names the step of the victim, where a state can be named
          const planted = { ...returned, ...('state' in returned ? { state: step.state } : {}) }
          const answer = await client.identify(step, planted)
          count(seen, answer)
          const subject = client === clients[kind] ? anna.subject : bert.subject
          if ('identity' in answer) expect([origin, answer.identity.subject]).toEqual([step, subject])
        }
      }),
      { numRuns: inLongRun(10, 150) },
    )
    expect(Math.min(seen.identity, seen.failure)).toBeGreaterThan(0)
  })
})

function raise(): never {
  throw new Error('no such walk')
}

describe.each(['tif', 'cas-json', 'cas-xml'] as const)('the bytes of %s', (kind) => {
  const identify = async (client: UpstreamClient) => {
    const step = newStep(client)
    return client.identify(step, await walk(client, step))
  }

  it('are read as GBK with the charset of the row, and refused without it', async () => {
    old.systems[kind].alter(endpointOf[kind], (text) => gbkBytes(text) ?? '')
    const options = { ...old.client(kind).upstream.options, charset: 'gbk' }
    expect(await identify(old.client(kind, { options }))).toMatchObject({ identity: { name: anna.name } })
    expect(await identify(clients[kind])).toEqual({ failure: 'answer_invalid' })
  })

  it('may not be a name of a megabyte', async () => {
    old.systems[kind].alter(endpointOf[kind], (text) => text.replace(anna.name, 'x'.repeat(1 << 20)))
    expect(await identify(clients[kind])).toEqual({ failure: 'answer_invalid' })
  })

  it('may not nest without end', async () => {
    old.systems[kind].alter(endpointOf[kind], (text) =>
      text
        .replace('"userobj":{', `"a":${'['.repeat(100_000)},"userobj":{`)
        .replace('"attributes":{', `"a":${'['.repeat(100_000)},"attributes":{`)
        .replace('<cas:user>', '<a>'.repeat(50_000)),
    )
    expect(await identify(clients[kind])).toHaveProperty('failure')
  })
})
