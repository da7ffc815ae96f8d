import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { OpenTransport, Receiver } from '../../src/storage/event-transport.ts'
import { process } from '../contract/events.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A transport that can fail silently. */
function silentLine() {
  const ears = new Set<Receiver>()
  const state = { silent: false, opened: 0, said: [] as string[] }
  const open: OpenTransport = async (receiver) => {
    state.opened += 1
    if (receiver) ears.add(receiver)
    return {
      async send(text) {
        state.said.push(text.replace(/^\w+@/, ''))
        if (!state.silent) for (const one of ears) one.received(text)
      },
      close: () => receiver && ears.delete(receiver),
    }
  }
  return { open, state }
}

it('a dead connection is found within ten seconds, and opened again with growing waits', async () => {
  const { open, state } = silentLine()
  const { events, heard, failures } = process(open)
  await vi.advanceTimersByTimeAsync(1)
  expect(events.isConnected()).toBe(true)
  expect(heard.splice(0)).toEqual(['client *', 'qr *'])
  state.silent = true
  await vi.advanceTimersByTimeAsync(10_000)
  expect(events.isConnected()).toBe(false)
  expect(heard.splice(0)).toEqual(['client *', 'qr *'])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(state.opened).toBeLessThan(16)
  expect(failures).toHaveLength(1)
  state.silent = false
  await vi.advanceTimersByTimeAsync(10_000)
  expect(events.isConnected()).toBe(true)
  expect(heard).toEqual(['client *', 'qr *'])
  expect(failures).toHaveLength(1)
})

it('sends only the topics of too many unsent events', async () => {
  const { open, state } = silentLine()
  let away = true
  const { events } = process(async (receiver) => {
    if (away) throw new Error('away')
    return open(receiver)
  })
  for (let count = 0; count < 3000; count += 1) events.publish('client', String(count))
  away = false
  await vi.advanceTimersByTimeAsync(5000)
  expect(state.said.length).toBeLessThan(1010)
  expect(state.said).toEqual(expect.arrayContaining(['client', 'person', 'principal', 'keys', 'qr', 'client@2999']))
})
