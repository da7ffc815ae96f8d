import { resolve } from 'node:path'
import { z } from 'zod'
import { parseSettings, whole } from '../../../config/setting-types.ts'

const schema = z.object({
  YIDENG_PASSKEY_OFFER_DAYS: whole(1, 366),
  YIDENG_PASSKEY_ROOTS: z.string().transform((value) => (value ? resolve(value) : '')),
})

export const settings = {
  documented: {
    YIDENG_PASSKEY_OFFER_DAYS: {
      default: '30',
      meaning: 'days until a person who signed in by password is offered a passkey again in the same browser',
    },
    YIDENG_PASSKEY_ROOTS: {
      default: '',
      meaning:
        'PEM file with root certificates of authenticator makers. Administrators and people with a verified face are then asked for attestation; a passkey that it proves to be in hardware signs in as hwk. Empty: every passkey is swk',
    },
  },
  read(given: Record<string, string>) {
    const all = parseSettings(schema, given)
    return {
      offerDays: all.YIDENG_PASSKEY_OFFER_DAYS,
      /** Empty: none. */
      rootsFile: all.YIDENG_PASSKEY_ROOTS,
    }
  },
}
