import type { Provider } from 'oidc-provider'
import initializeKeystore from 'oidc-provider/lib/helpers/initialize_keystore.js'
import type { Clock } from '../config/clock.ts'
import { inOrder, type SigningKey } from '../keys/signing-keys.ts'
import { keySet } from './signing.ts'

/** The command line's changes are seen within two seconds (DESIGN 1.3). */
const everyMs = 1000

/**
 * Keeps a running provider on the keys there are: new ones are published, those whose time has come sign, retired ones go.
 * oidc-provider has no door for it, so its constructor's own step is done again. Returns what ends it.
 */
export function keepKeysFresh(options: {
  provider: Provider
  readKeys: () => readonly SigningKey[]
  /** The data keys are read again as often. */
  refreshDataKeys: () => void
  clock: Clock
  log: { info(details: object, message: string): void; error(details: object, message: string): void }
}): () => void {
  const { provider, readKeys, refreshDataKeys, clock, log } = options
  const order = () => inOrder(readKeys(), clock())
  const names = (keys: readonly SigningKey[]) => keys.map(({ kid }) => kid).join(' ')
  let known = names(order())
  const timer = setInterval(() => {
    try {
      refreshDataKeys()
      const keys = order()
      const now = names(keys)
      if (now === known) return
      initializeKeystore.call(provider, keySet(keys))
      known = now
      log.info({ keys: now }, 'signing keys changed')
    } catch (error) {
      // the keys it has still serve
      log.error({ err: error }, 'the keys could not be read')
    }
  }, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
