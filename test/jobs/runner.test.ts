import { expect, it, onTestFinished } from 'vitest'
import { startJob, type Job } from '../../src/jobs/runner.ts'
import type { Topic } from '../../src/storage/events.ts'
import { until } from '../setup/server.ts'

/** Events that the test publishes by hand. */
function handEvents(connected = true) {
  const listeners = new Map<Topic, () => void>()
  return {
    isConnected: () => connected,
    subscribe(topic: Topic, listener: (id: string | undefined) => void) {
      listeners.set(topic, () => listener(undefined))
      return () => listeners.delete(topic)
    },
    publish: (topic: Topic) => listeners.get(topic)?.(),
  }
}

function start(job: Partial<Job>, events = handEvents()) {
  const errors: object[] = []
  let runs = 0
  const run = async () => {
    runs += 1
    return job.run?.()
  }
  const log = { error: (details: object) => errors.push(details) }
  const running = startJob({ name: 'job', everyMs: 60_000, ...job, run }, { events, clock: Date.now, log })
  onTestFinished(() => running.stop())
  return { ...running, events, errors, runs: () => runs }
}

it('runs at once, again when the next is due, and again in each period', async () => {
  const due = Date.now() + 50
  const one = start({ nextDue: async () => (Date.now() < due ? due : undefined) })
  await until(async () => one.runs() === 2)
  const other = start({ everyMs: 20 })
  await until(async () => other.runs() >= 3)
})

it('runs after a change of its topic, once for several changes', async () => {
  const job = start({ topic: 'person', changedMs: 20, nextDue: async () => undefined })
  await until(async () => job.runs() === 1)
  for (let times = 0; times < 5; times += 1) job.events.publish('person')
  await until(async () => job.runs() === 2)
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(job.runs()).toBe(2)
})

it('runs in its period while events do not arrive', async () => {
  const job = start({ everyMs: 20, nextDue: async () => undefined }, handEvents(false))
  await until(async () => job.runs() >= 3)
})

it('logs a failed run by the name of the job, and runs again', async () => {
  const job = start({ name: 'broken', everyMs: 20, run: () => Promise.reject(new Error('no')) })
  await until(async () => job.runs() >= 2)
  expect(job.errors[0]).toMatchObject({ job: 'broken', err: { message: 'no' } })
})

it('never runs twice at once: a second call waits and runs once more', async () => {
  let atOnce = 0
  const run = async () => {
    atOnce += 1
    expect(atOnce).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    atOnce -= 1
  }
  const job = start({ run })
  await Promise.all([job.runAgain(), job.runAgain()])
  expect(job.runs()).toBe(2)
})

it('stops after the run under way, with a last one', async () => {
  const order: string[] = []
  const run = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    order.push('run')
  }
  const job = start({ run, everyMs: 1, last: async () => order.push('last') })
  await job.stop()
  await new Promise((resolve) => setTimeout(resolve, 40))
  expect(order).toEqual(['run', 'last'])
})
