import { describe, expect, it, onTestFinished } from 'vitest'
import type { OpenTransport } from '../../src/storage/event-transport.ts'
import { createEvents, type Events } from '../../src/storage/events.ts'

/** Events that a process receives, in their order; `*` means that any value may have changed. */
function ears(events: Events) {
  const heard: string[] = []
  for (const topic of ['client', 'qr'] as const) events.subscribe(topic, (id) => heard.push(`${topic} ${id ?? '*'}`))
  return heard
}

export function process(open: OpenTransport, listens = true) {
  const failures: unknown[] = []
  const events = createEvents({ open, listens, failed: (error) => failures.push(error) })
  onTestFinished(() => events.stop())
  return { events, failures, heard: ears(events) }
}

export const hearing = (...all: { events: Events }[]) =>
  expect.poll(() => all.every(({ events }) => events.isConnected()), { interval: 5, timeout: 30_000 }).toBe(true)

/** Tests for every transport of events. Each call of `open` opens the same transport. */
export function eventsContract(name: string, open: () => OpenTransport): void {
  const started = async () => {
    const [one, other] = [process(open()), process(open())]
    await hearing(one, other)
    // A new subscriber may have missed earlier events, so it gets `*`.
    await expect.poll(() => other.heard.splice(0)).toEqual(['client *', 'qr *'])
    one.heard.length = 0
    return { one, other }
  }

  describe(`events: ${name}`, () => {
    it('reaches every subscribed process once, including the publisher', async () => {
      const { one, other } = await started()
      const stop = other.events.subscribe('client', () => other.heard.push('again'))
      stop()
      one.events.publish('client', 'a')
      one.events.publish('client', 'a')
      one.events.publish('person', 'b')
      one.events.publish('qr', 'c')
      for (const { heard } of [one, other]) {
        await expect.poll(() => heard, { interval: 5 }).toContain('qr c')
        expect(new Set(heard)).toEqual(new Set(['client a', 'qr c']))
      }
    })

    it('is quick', async () => {
      const { one, other } = await started()
      const times: number[] = []
      for (let round = 0; round < 20; round += 1) {
        const began = performance.now()
        const arrived = new Promise<void>((resolve) => {
          const stop = other.events.subscribe('qr', () => {
            stop()
            resolve()
          })
        })
        one.events.publish('qr', String(round))
        await arrived
        times.push(performance.now() - began)
      }
      expect(times.toSorted((a, b) => a - b)[10]).toBeLessThan(100)
    })

    it('carries any id; a too long id becomes `*`', async () => {
      const { one, other } = await started()
      one.events.publish('client', 'https://省.example/a@b c/../%')
      one.events.publish('qr', 'x'.repeat(500))
      await expect.poll(() => other.heard).toEqual(['client https://省.example/a@b c/../%', 'qr *'])
    })

    it('a command line can publish without a subscription, and its exit waits for that', async () => {
      const { other } = await started()
      const { events, failures } = process(open(), false)
      expect(events.isConnected()).toBe(false)
      events.publish('client', 'd')
      await events.stop()
      await expect.poll(() => other.heard).toEqual(['client d'])
      expect(failures).toEqual([])
    })

    it('ignores messages of other programs', async () => {
      const { other } = await started()
      const stranger = await open()(undefined)
      for (const text of ['', 'x', 'x@nothing@a', 'x@client@%zz', 'x@qr'])
        await stranger.send(text).catch(() => undefined)
      stranger.close()
      await expect.poll(() => other.heard).toEqual(['client *', 'qr *'])
    })
  })
}
