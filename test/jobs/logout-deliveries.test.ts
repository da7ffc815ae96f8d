import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openServices } from '../../src/services.ts'
import { readSettings } from '../../src/config/settings.ts'
import { createLogoutDeliveries } from '../../src/jobs/logout-deliveries.ts'
import type { Deliver } from '../../src/sessions/sessions.ts'
import { openEvents } from '../../src/storage/stores.ts'
import { until } from '../setup/server.ts'
import { durableStore } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const leaseMs = 400
/** Of the deliveries that take seconds. */
const longLeaseMs = 5000
const notice = { clientId: 'portal', personId: 'person', sessionId: 'session' }

/** Two processes that deliver on the same stores. */
async function twoProcesses(first: Deliver, lease = leaseMs) {
  const directory = temporaryDirectory()
  const settings = readSettings({
    YIDENG_DATA_DIR: join(directory, 'data'),
    YIDENG_KEYS_DIR: join(directory, 'keys'),
    ...(await durableStore()),
  })
  const services = await openServices(settings, Date.now)
  const begin = async (deliver: Deliver) => {
    const events = openEvents(settings, { listens: true, failed: () => undefined })
    await until(async () => events.isConnected())
    const log = { warn: () => undefined, error: () => undefined }
    const deliveries = createLogoutDeliveries({ ...services, events, clock: Date.now, log, leaseMs: lease })
    onTestFinished(() => events.stop())
    return { ...deliveries, ...deliveries.start(deliver) }
  }
  let told = 0
  const one = await begin(first)
  const other = await begin(async () => void (told += 1))
  onTestFinished(() => services.close())
  return { one, other, services, told: () => told }
}

it('another process delivers the notice of a dead process, soon and once', async () => {
  const { one, services, other, told } = await twoProcesses(() => new Promise(() => undefined))
  const began = performance.now()
  await one.send([notice])
  await until(async () => told() > 0)
  // earlier than by polling
  expect(performance.now() - began).toBeLessThan(20_000)
  await other.stop()
  const rows = await services.database.selectFrom('logout_deliveries').select(['state', 'attempts']).execute()
  expect(rows).toEqual([{ state: 'delivered', attempts: 2 }])
  expect(told()).toBe(1)
})

it('other processes leave a notice alone during its delivery', async () => {
  const { one, other, told } = await twoProcesses(() => new Promise((resolve) => setTimeout(resolve, leaseMs / 2)))
  await one.send([notice])
  await other.runAgain()
  await new Promise((resolve) => setTimeout(resolve, leaseMs))
  await one.stop()
  await other.stop()
  expect(told()).toBe(0)
})

/** Milliseconds until the good portal heard, of each notice, while other portals behave like this. */
async function waitsBeside(hanging: number, deliverToBad: () => Promise<void>): Promise<number[]> {
  const heard = new Map<string, number>()
  const { one, other } = await twoProcesses(async ({ clientId, sessionId }) => {
    if (clientId !== 'good') return deliverToBad()
    await new Promise((resolve) => setTimeout(resolve, 10))
    heard.set(sessionId, performance.now())
    return undefined
  }, longLeaseMs)
  await other.stop()
  const began = new Map<string, number>()
  const leaving = []
  for (let turn = 0; turn < 100; turn += 1) {
    const session = String(turn)
    began.set(session, performance.now())
    const bad = Array.from({ length: hanging }, (_, index) => ({
      ...notice,
      clientId: `bad-${index}`,
      sessionId: session,
    }))
    leaving.push(one.send([...bad, { ...notice, clientId: 'good', sessionId: session }]))
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await Promise.all(leaving)
  await until(async () => heard.size === 100)
  await one.stop()
  return [...began].map(([session, at]) => (heard.get(session) ?? 0) - at).toSorted((a, b) => a - b)
}

it.each<[string, number, () => Promise<void>]>([
  [
    'one never answers',
    1,
    () => new Promise((_resolve, reject) => void setTimeout(() => reject(new Error('no answer')), 2500)),
  ],
  [
    'ten never answer',
    10,
    () => new Promise((_resolve, reject) => void setTimeout(() => reject(new Error('no answer')), 2500)),
  ],
  ['five refuse at once', 5, () => Promise.reject(new Error('503'))],
  ['five are slow', 5, () => new Promise((resolve) => void setTimeout(resolve, 1000))],
])(
  'a portal receives its notices in time although of the others %s',
  { timeout: 60_000 },
  async (what, hanging, deliver) => {
    const waits = await waitsBeside(hanging, deliver)
    const [median = Infinity, longest = Infinity] = [waits[50], waits.at(-1)]
    console.log(`${what}: median ${Math.round(median)} ms, longest ${Math.round(longest)} ms`)
    expect(median).toBeLessThan(1000)
    expect(longest).toBeLessThan(5000)
  },
)
