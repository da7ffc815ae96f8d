import { z } from 'zod'
import { date, listOf, optionalPath, parseSettings, seconds, whole, type SettingTexts } from '../setting-types.ts'

/** People who can be required to have two factors (accounts/two-factors.ts). */
export const twoFactorGroups = ['administrators', 'representatives'] as const

export type TwoFactorGroup = (typeof twoFactorGroups)[number]

const schema = z.object({
  YIDENG_ORGANISATION_LEVEL: whole(3, 4),
  YIDENG_OLD_PROOFS_UNTIL: date,
  YIDENG_TWO_FACTORS: z
    .string()
    .transform(listOf)
    .pipe(
      z.array(z.enum(twoFactorGroups, { error: `must be one or more of ${twoFactorGroups.join(', ')}, or unset` })),
    ),
  YIDENG_CLOSING_DAYS: whole(1, 90),
  YIDENG_BREACHED_PASSWORDS: optionalPath,
  YIDENG_NUMBER_LOSS_WAIT_SECONDS: seconds,
  YIDENG_RECOVERY_HOLD_SECONDS: seconds,
  YIDENG_RECOVERY_PASSKEY_DAYS: whole(0, 3650),
  YIDENG_RECOVERY_LINK_SECONDS: seconds,
})

/** Opening, recovery and deletion of accounts. */
export function accountSettings(texts: SettingTexts) {
  const parsed = parseSettings(schema, texts)
  return {
    organisationLevel: parsed.YIDENG_ORGANISATION_LEVEL === 3 ? (3 as const) : (4 as const),
    /** Accounts at level 3 by name and number alone fall to 2 then; milliseconds since 1970 UTC; undefined: never. */
    oldProofsUntil: parsed.YIDENG_OLD_PROOFS_UNTIL,
    /** For these people a password alone reaches level 2. */
    twoFactors: parsed.YIDENG_TWO_FACTORS,
    closingDays: parsed.YIDENG_CLOSING_DAYS,
    /** Empty: passwords are not compared with stolen ones. */
    breachedPasswordsFile: parsed.YIDENG_BREACHED_PASSWORDS,
    /** Time from a proof at a counter until another account loses the number because of that proof. */
    numberLossWaitSeconds: parsed.YIDENG_NUMBER_LOSS_WAIT_SECONDS,
    recovery: {
      /** Seconds. */
      hold: parsed.YIDENG_RECOVERY_HOLD_SECONDS,
      /** Seconds. */
      link: parsed.YIDENG_RECOVERY_LINK_SECONDS,
      passkeyDays: parsed.YIDENG_RECOVERY_PASSKEY_DAYS,
    },
  }
}
