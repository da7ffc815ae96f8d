import { join } from 'node:path'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { channelOutcomes, createChannelAnswers, type ChannelOutcome } from '../../src/channels/channel-answers.ts'
import { watchChannels } from '../../src/http/channel-metrics.ts'
import { migrate, openDatabase } from '../../src/storage/database.ts'
import { handClock, temporaryDirectory } from '../setup/temporary.ts'

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
  expect(await noted('success')).toEqual({ succeededAt: began, failedAt: null, fault: null })
  forward(59_000)
  expect((await noted('success'))?.succeededAt).toBe(began)
  forward(1000)
  expect((await noted('success'))?.succeededAt).toBe(began + 60_000)
  expect(await noted('unavailable')).toEqual({
    succeededAt: began + 60_000,
    failedAt: began + 60_000,
    fault: 'unavailable',
  })
  expect((await noted('channel_misconfigured'))?.fault).toBe('channel_misconfigured')
})

it.each(['code_refused', 'snapshot_visitor', 'user_blocked'] as const)(
  '%s says nothing about the channel, so a stranger writes nothing',
  async (outcome) => {
    const { noted } = await opened()
    expect(await noted(outcome)).toBeUndefined()
  },
)

it('has every series from the start, and the last success of all processes', async () => {
  const { answers, clock, database } = await opened()
  const registry = new Registry()
  const seen = watchChannels({ registry, ids: ['yss'], answers })
  const text = () => registry.metrics()
  for (const outcome of channelOutcomes)
    expect(await text()).toContain(`yideng_channel_answers_total{channel="yss",outcome="${outcome}"} 0`)
  expect(await text()).toContain('yideng_channel_last_success_timestamp_seconds{channel="yss"} 0')
  seen('yss', 'success')
  seen('yss', 'unavailable')
  expect(await text()).toContain('yideng_channel_answers_total{channel="yss",outcome="success"} 1')
  expect(await text()).toContain('yideng_channel_answers_total{channel="yss",outcome="unavailable"} 1')
  // another process reads the same row
  const other = new Registry()
  watchChannels({ registry: other, ids: ['yss'], answers: createChannelAnswers({ database, clock }) })
  expect(await other.metrics()).toContain(
    `yideng_channel_last_success_timestamp_seconds{channel="yss"} ${clock() / 1000}`,
  )
})
