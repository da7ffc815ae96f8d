import { join } from 'node:path'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import type { ChannelAnswer, ChannelClient } from '../../src/channels/channel-client.ts'
import {
  channelOutcomes,
  createChannelAnswers,
  watchedChannels,
  type ChannelOutcome,
} from '../../src/channels/channel-answers.ts'
import { readChannels, type Channel } from '../../src/channels/channels.ts'
import { watchChannels } from '../../src/http/channel-metrics.ts'
import { migrate, openDatabase } from '../../src/storage/database.ts'
import { handClock, temporaryDirectory } from '../setup/temporary.ts'
import { writeChannels } from '../setup/channels-file.ts'

async function opened() {
  const database = openDatabase(join(temporaryDirectory(), 'yideng.sqlite'))
  await migrate(database)
  const { clock, forward } = handClock()
  const faults: unknown[] = []
  const answers = createChannelAnswers({ database, clock, failed: (error) => faults.push(error) })
  /** Notes an answer, and returns what the store then has of the channel. */
  const noted = async (outcome: ChannelOutcome) => {
    answers.note('yss', outcome)
    // SQLite runs one statement after the other: this read comes after the write
    const state = (await answers.read()).get('yss')
    expect(faults).toEqual([])
    return state
  }
  return { database, clock, forward, answers, noted }
}

it('remembers the last success and the last failure, to a minute', async () => {
  const { clock, forward, noted } = await opened()
  const began = clock()
  expect(await noted('named')).toEqual({ namedAt: began, failedAt: null, failure: null })
  forward(59_000)
  expect((await noted('named'))?.namedAt).toBe(began)
  forward(1000)
  expect((await noted('named'))?.namedAt).toBe(began + 60_000)
  expect(await noted('unavailable')).toEqual({
    namedAt: began + 60_000,
    failedAt: began + 60_000,
    failure: 'unavailable',
  })
  expect((await noted('channel_misconfigured'))?.failure).toBe('channel_misconfigured')
})

it.each(['code_refused', 'snapshot_visitor', 'user_blocked'] as const)(
  '%s says nothing about the channel, so a stranger writes nothing',
  async (outcome) => {
    const { noted } = await opened()
    expect(await noted(outcome)).toBeUndefined()
  },
)

const channel = (): Channel => {
  const [read] = readChannels({ channels: { file: writeChannels() }, production: false })
  if (!read) throw new Error('no channel')
  return read
}

function clientOf(own: Channel, answers: ChannelAnswer[]): ChannelClient {
  return {
    channel: own,
    identify: async () => answers.shift() ?? { failure: 'unavailable' },
    phoneOf: async () => ({ phone: '+8613800138000' }),
    check: async () => ({ ok: true }),
  }
}

it('sees each answer of a vendor once, and passes it on as it is', async () => {
  const own = channel()
  const answers: ChannelAnswer[] = [{ identity: { subject: 'u', ids: {} } }, { failure: 'code_refused' }]
  const client = clientOf(own, [...answers])
  const seen: [string, ChannelOutcome][] = []
  const watched = watchedChannels(
    { list: [own], client: (id) => (id === own.id ? client : undefined) },
    (...one) => void seen.push(one),
  )
  expect(watched.client('other')).toBeUndefined()
  const asked = watched.client(own.id)
  expect([await asked?.identify('a'), await asked?.identify('b')]).toEqual(answers)
  expect(await asked?.phoneOf?.('c', {})).toEqual({ phone: '+8613800138000' })
  expect(await asked?.check()).toEqual({ ok: true })
  expect(asked?.authorizeUrl).toBeUndefined()
  expect(seen).toEqual([
    ['yss', 'named'],
    ['yss', 'code_refused'],
    ['yss', 'named'],
  ])
})

it('has every series from the start, and the last success of all processes', async () => {
  const { answers, clock, database } = await opened()
  const registry = new Registry()
  const seen = watchChannels({ registry, ids: ['yss'], answers })
  const text = () => registry.metrics()
  for (const outcome of channelOutcomes)
    expect(await text()).toContain(`yideng_channel_answers_total{channel="yss",outcome="${outcome}"} 0`)
  expect(await text()).toContain('yideng_channel_last_success_timestamp_seconds{channel="yss"} 0')
  seen('yss', 'named')
  seen('yss', 'unavailable')
  expect(await text()).toContain('yideng_channel_answers_total{channel="yss",outcome="named"} 1')
  expect(await text()).toContain('yideng_channel_answers_total{channel="yss",outcome="unavailable"} 1')
  // another process reads the same row
  const other = new Registry()
  watchChannels({ registry: other, ids: ['yss'], answers: createChannelAnswers({ database, clock }) })
  expect(await other.metrics()).toContain(
    `yideng_channel_last_success_timestamp_seconds{channel="yss"} ${clock() / 1000}`,
  )
})
