import { readSettings } from '../../src/config/settings.ts'
import { openServices } from '../../src/services.ts'

/** Makes store and keys of these settings, as the first start of a server does: commands make none. */
export async function makeStore(environment: Record<string, string | undefined>): Promise<void> {
  const services = await openServices(readSettings(environment), () => Date.now())
  await services.close()
}
