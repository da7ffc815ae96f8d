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
const notice = { clientId: 'portal', personId: 'person', sessionId: 'session' }

/** Two processes that deliver on the same stores. */
async function twoProcesses(first: Deliver) {
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
    const deliveries = createLogoutDeliveries({ ...services, events, clock: Date.now, log, leaseMs })
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
