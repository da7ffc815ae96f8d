import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import type { Database } from '../storage/database.ts'
import type { Events } from '../storage/events.ts'
import { openCookieKeys } from './cookie-keys.ts'
import { documentKeySet } from './document-signatures.ts'
import type { FieldCipher } from './field-cipher.ts'
import { hasSm2Software, sm2KeyFile } from './guomi/sm2-keys.ts'
import { recordKeys } from './recorded-keys.ts'
import { shareKeys } from './shared-keys.ts'
import { openTokenKeys } from './token-keys.ts'

export interface KeyFilesDeps {
  settings: Pick<Settings, 'databaseUrl' | 'keysDir' | 'sm2Keys' | 'svsFile'>
  clock: Clock
  database: Database
  events: Pick<Events, 'publish'>
}

/** Key files that the machines of one PostgreSQL share. */
export async function openKeyFiles({ settings, clock, database, events }: KeyFilesDeps, cipher: FieldCipher) {
  const { databaseUrl, keysDir } = settings
  const names = ['signing.json', 'cookies.json', ...(hasSm2Software(settings) ? [sm2KeyFile] : [])]
  const share = async () => {
    if (!databaseUrl) return
    if (await shareKeys({ database, cipher, directory: keysDir, names })) events.publish('keys', 'shared')
  }
  /** A key of the signature server is recorded before it signs (audit/checkpoints.ts): the device may not answer now. */
  const record = async () => {
    if (!existsSync(join(keysDir, 'signing.json'))) return
    await recordKeys(database, cipher, documentKeySet({ keysDir, svsFile: '' }, clock).keys)
  }
  // the first machine must have keys to share
  if (databaseUrl) {
    openTokenKeys(settings, clock)
    openCookieKeys(keysDir)
  }
  await share()
  await record()
  return {
    /** Compares the key files with those of the other machines on this store (keys/shared-keys.ts). */
    shareKeys: share,
    /** Publishes that key files of this machine changed: all server processes read them again. */
    async keysChanged() {
      await share()
      await record()
      events.publish('keys', 'changed')
    },
  }
}
