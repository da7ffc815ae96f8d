import type { Provider } from 'oidc-provider'
import type { Clock } from '../config/clock.ts'
import type { CookieKeys } from '../keys/cookie-keys.ts'
import { signersFirst } from '../keys/signing-keys.ts'
import type { TokenKey } from '../keys/token-keys.ts'
import type { Job } from './runner.ts'
import { replaceSigningKeys } from '../oidc/engine/provider-key-set.ts'

/** Keeps a running provider on the current key files: publishes new keys, signs with those whose time has come, drops retired ones. */
export function keyRefresh(deps: {
  provider: Provider
  readKeys: () => readonly TokenKey[]
  cookieKeys: CookieKeys
  refreshDataKeys: () => void
  /** Compares the key files with those of other machines first. */
  shareKeys: () => Promise<void>
  clock: Clock
  log: { info(details: object, message: string): void; error(details: object, message: string): void }
}): Job {
  const { provider, readKeys, cookieKeys, refreshDataKeys, shareKeys, clock, log } = deps
  const names = (keys: readonly TokenKey[]) => keys.map(({ kid }) => kid).join(' ')
  let keys = readKeys()
  let known = names(signersFirst(keys, clock()))

  async function refresh(): Promise<void> {
    // the keys of this machine still serve while the store or a file is unavailable
    await shareKeys().catch((error: unknown) => log.error({ err: error }, 'the keys could not be read'))
    refreshDataKeys()
    cookieKeys.refresh()
    provider.keys = cookieKeys.accepted()
    keys = readKeys()
    const ordered = signersFirst(keys, clock())
    const now = names(ordered)
    if (now === known) return
    replaceSigningKeys(provider, ordered)
    known = now
    log.info({ keys: now }, 'signing keys changed')
  }

  return {
    name: 'key refresh',
    topic: 'keys',
    // a change by the command line is seen within two seconds (DESIGN 1.3), also while events do not arrive
    everyMs: 1000,
    run: refresh,
    nextDue: async () => {
      const now = clock()
      const uses = [...keys.map(({ useFrom }) => useFrom), cookieKeys.nextUse() ?? 0]
      const later = uses.filter((from) => from > now)
      return later.length > 0 ? Math.min(...later) : undefined
    },
  }
}
