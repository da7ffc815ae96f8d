import type { Provider } from 'oidc-provider'
import initializeKeystore from 'oidc-provider/lib/helpers/initialize_keystore.js'
import type { Clock } from '../config/clock.ts'
import type { CookieKeys } from '../keys/cookie-keys.ts'
import { inOrder, type SigningKey } from '../keys/signing-keys.ts'
import type { Events } from '../storage/events.ts'
import { keepTrying, type KeptTrying } from './runner.ts'
import { keySet } from '../oidc/engine/signing.ts'

/** The command line's changes are seen within two seconds (DESIGN 1.3), also where they are not heard of. */
const everyMs = 1000

/**
 * Keeps a running provider on the keys there are: new ones are published, those whose time has come sign, retired ones go.
 * oidc-provider has no door for it, so its constructor's own step is done again.
 */
export function keepKeysFresh(options: {
  provider: Provider
  readKeys: () => readonly SigningKey[]
  cookieKeys: CookieKeys
  /** The data keys are read again as often. */
  refreshDataKeys: () => void
  /** The key files are compared with those of other machines before. */
  shareKeys: () => Promise<void>
  events: Events
  clock: Clock
  log: { info(details: object, message: string): void; error(details: object, message: string): void }
}): KeptTrying {
  const { provider, readKeys, cookieKeys, refreshDataKeys, shareKeys, events, clock, log } = options
  const names = (keys: readonly SigningKey[]) => keys.map(({ kid }) => kid).join(' ')
  let keys = readKeys()
  let known = names(inOrder(keys, clock()))

  // what a store or a file withholds is said, and the keys it has still serve
  const failed = (error: unknown) => log.error({ err: error }, 'the keys could not be read')

  async function refresh(): Promise<number> {
    await shareKeys().catch(failed)
    refreshDataKeys()
    cookieKeys.refresh()
    provider.keys = cookieKeys.accepted()
    keys = readKeys()
    const ordered = inOrder(keys, clock())
    const now = names(ordered)
    if (now === known) return 0
    initializeKeystore.call(provider, keySet(ordered))
    known = now
    log.info({ keys: now }, 'signing keys changed')
    return 1
  }

  return keepTrying({
    run: refresh,
    nextDue: async () => {
      const now = clock()
      const uses = [...keys.map(({ useFrom }) => useFrom), cookieKeys.nextUse() ?? 0]
      const later = uses.filter((from) => from > now)
      return later.length > 0 ? Math.min(...later) : undefined
    },
    events,
    topic: 'keys',
    everyMs,
    clock,
    failed,
  })
}
