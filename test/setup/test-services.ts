import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openServices } from '../../src/services.ts'
import { readSettings } from '../../src/config/settings.ts'
import { durableStore } from './stores.ts'
import { handClock, temporaryDirectory } from './temporary.ts'

/** Opens the services over a new store, with a clock that the test moves. */
export async function openTestServices() {
  const directory = temporaryDirectory()
  const { clock, forward } = handClock()
  const settings = { YIDENG_DATA_DIR: join(directory, 'data'), YIDENG_KEYS_DIR: join(directory, 'keys') }
  const services = await openServices(readSettings({ ...settings, ...(await durableStore()) }), clock)
  onTestFinished(() => services.close())
  return { services, forward }
}
