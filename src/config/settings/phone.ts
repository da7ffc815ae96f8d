import { z } from 'zod'
import { listOf, optionalPath, parseSettings, SettingsError, whole, type SettingTexts } from '../setting-types.ts'

const senders = ['none', 'console', 'webhook', 'tencent', 'alibaba'] as const
const owners = ['register', 'webhook', 'none'] as const
const oneOf = (names: readonly string[]) => `must be one of ${names.join(', ')}`
const webAddress = z
  .string()
  .refine(
    (value) => value === '' || (/^https?:\/\//.test(value) && URL.canParse(value)),
    'must be a web address, or unset',
  )

const schema = z.object({
  YIDENG_SMS: z.enum(senders, { error: oneOf(senders) }),
  YIDENG_SMS_URL: webAddress,
  YIDENG_SMS_COUNTRIES: z
    .string()
    .transform(listOf)
    .refine(
      (codes) => codes.length > 0 && codes.every((code) => /^[1-9]\d{0,2}$/.test(code)),
      'must be a list of country codes such as 86,852, separated by commas',
    ),
  YIDENG_SMS_DAY_BUDGET: whole(1, 100_000_000),
  YIDENG_SMS_ADDRESS_TEXTS: whole(1, 1_000_000),
  YIDENG_PHONE_VENDORS: optionalPath,
  YIDENG_PHONE_OWNERS: z.enum(owners, { error: oneOf(owners) }),
  YIDENG_PHONE_PROOF_MONTHS: whole(1, 120),
  YIDENG_PHONE_PERSONS: whole(1, 20),
})

/** Codes by text message, the owners of telephone numbers, and how long a proof of a number counts. */
export function phoneSettings(texts: SettingTexts, production: boolean) {
  const parsed = parseSettings(schema, texts)
  checkSender(parsed.YIDENG_SMS, parsed.YIDENG_SMS_URL, production)
  return {
    /** The sender of texts; `none`: no text is sent, and nothing asks for a code. */
    sender: parsed.YIDENG_SMS,
    /** For `webhook` alone; it may contain a secret. */
    senderUrl: parsed.YIDENG_SMS_URL,
    /** Country codes (ITU-T E.164) of numbers that get texts. */
    countries: parsed.YIDENG_SMS_COUNTRIES,
    /** Texts of all numbers in a day. */
    dayBudget: parsed.YIDENG_SMS_DAY_BUDGET,
    /** Texts that one network may ask for in an hour. */
    addressTexts: parsed.YIDENG_SMS_ADDRESS_TEXTS,
    /** Addresses and keys of vendors. */
    vendorsFile: parsed.YIDENG_PHONE_VENDORS,
    owners: parsed.YIDENG_PHONE_OWNERS,
    proofMonths: parsed.YIDENG_PHONE_PROOF_MONTHS,
    /** Persons who may have proven one number. */
    personsOfNumber: parsed.YIDENG_PHONE_PERSONS,
  }
}

function checkSender(sender: (typeof senders)[number], url: string, production: boolean): void {
  if (production && sender === 'console')
    throw new SettingsError(
      'The setting YIDENG_SMS="console" shows codes to the operator; NODE_ENV=production refuses it.',
    )
  if (sender !== 'webhook') return
  if (!url) throw new SettingsError('The setting YIDENG_SMS_URL must be a web address when YIDENG_SMS=webhook.')
  if (production && !url.startsWith('https://'))
    throw new SettingsError('The setting YIDENG_SMS_URL must begin with https:// when NODE_ENV=production.')
}

export type PhoneSettings = ReturnType<typeof phoneSettings>
