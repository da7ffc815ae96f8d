import { z } from 'zod'
import { parseSettings, SettingsError, whole } from '../../../config/setting-types.ts'

const schema = z.object({
  YIDENG_QR_FRAME_SECONDS: whole(2, 30),
  YIDENG_QR_HIDE_SECONDS: whole(2, 30),
  YIDENG_QR_SHOWN_SECONDS: whole(10, 600),
  YIDENG_QR_SHOWN_TIMES: whole(1, 1_000_000),
  YIDENG_QR_SIGN_IN_SECONDS: whole(1, 600),
  YIDENG_QR_DECIDE_SECONDS: whole(1, 600),
  YIDENG_QR_REDEEM_SECONDS: whole(1, 120),
  YIDENG_QR_CODE_SECONDS: whole(1, 300),
  YIDENG_QR_CODE_TRIES: whole(1, 5),
  YIDENG_QR_ADDRESS_CREATIONS: whole(1, 1_000_000),
  YIDENG_QR_ACCOUNT_SCANS: whole(1, 1_000_000),
  YIDENG_QR_REFUSALS: whole(1, 100),
})

export const settings = {
  documented: {
    YIDENG_QR_FRAME_SECONDS: { default: '4', meaning: 'seconds that a QR code stays valid after it was made' },
    YIDENG_QR_HIDE_SECONDS: { default: '3', meaning: 'the page hides a QR code that is older' },
    YIDENG_QR_SHOWN_SECONDS: { default: '60', meaning: 'seconds that QR codes are shown; one tap then asks for more' },
    YIDENG_QR_SHOWN_TIMES: { default: '10', meaning: 'how often one sign-in may ask for QR codes' },
    YIDENG_QR_SIGN_IN_SECONDS: { default: '300', meaning: 'time from the scan until the phone is signed in' },
    YIDENG_QR_DECIDE_SECONDS: { default: '120', meaning: 'time to decide, from the question on the phone' },
    YIDENG_QR_REDEEM_SECONDS: { default: '30', meaning: 'time from the approval to the sign-in on the computer' },
    YIDENG_QR_CODE_SECONDS: { default: '60', meaning: 'the same where four digits have to be typed into the computer' },
    YIDENG_QR_CODE_TRIES: { default: '3', meaning: 'wrong digits before a QR sign-in ends' },
    YIDENG_QR_ADDRESS_CREATIONS: {
      default: '300',
      meaning: 'QR sign-ins begun from one network address in five minutes; each sign-in page on a computer begins one',
    },
    YIDENG_QR_ACCOUNT_SCANS: { default: '10', meaning: 'QR codes scanned by one account in ten minutes' },
    YIDENG_QR_REFUSALS: {
      default: '3',
      meaning: 'refused QR sign-ins of one account in 24 hours before they are off for 24 hours',
    },
  },
  read(given: Record<string, string>) {
    const all = parseSettings(schema, given)
    if (all.YIDENG_QR_HIDE_SECONDS > all.YIDENG_QR_FRAME_SECONDS) {
      throw new SettingsError('The setting YIDENG_QR_HIDE_SECONDS must not be larger than YIDENG_QR_FRAME_SECONDS.')
    }
    return {
      /** In seconds. */
      times: {
        frame: all.YIDENG_QR_FRAME_SECONDS,
        shown: all.YIDENG_QR_SHOWN_SECONDS,
        signIn: all.YIDENG_QR_SIGN_IN_SECONDS,
        decide: all.YIDENG_QR_DECIDE_SECONDS,
        redeem: all.YIDENG_QR_REDEEM_SECONDS,
        redeemWithCode: all.YIDENG_QR_CODE_SECONDS,
      },
      hideSeconds: all.YIDENG_QR_HIDE_SECONDS,
      shownTimes: all.YIDENG_QR_SHOWN_TIMES,
      codeTries: all.YIDENG_QR_CODE_TRIES,
      addressCreations: all.YIDENG_QR_ADDRESS_CREATIONS,
      accountScans: all.YIDENG_QR_ACCOUNT_SCANS,
      refusals: all.YIDENG_QR_REFUSALS,
    }
  },
}
