import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { unusableFile } from '../config/setting-files.ts'
import type { Settings } from '../config/settings.ts'
import { ownersWebhook } from '../proofing/phone-owners.ts'
import { recycledSettings } from '../proofing/recycled-numbers.ts'
import { oneTapSettings } from './one-tap.ts'
import { alibabaSms } from './senders/sms/alibaba.ts'
import { receiptSettings } from './senders/sms/receipts.ts'
import { lackingTemplates } from './senders/sms/templates.ts'
import { tencentSms } from './senders/sms/tencent.ts'

const schema = z
  .strictObject({
    tencent: tencentSms,
    alibaba: alibabaSms,
    owners: ownersWebhook,
    recycled: recycledSettings,
    onetap: oneTapSettings,
    receipts: receiptSettings,
  })
  .partial()

/** Addresses and keys of the vendors for telephone numbers. */
export type PhoneVendors = z.infer<typeof schema>

/**
 * Reads the file of YIDENG_PHONE_VENDORS; no vendor without a file.
 * @throws SettingsError for a file that cannot be used, also where it lacks a vendor of the settings
 */
export function readPhoneVendors({ phone, production }: Pick<Settings, 'phone' | 'production'>): PhoneVendors {
  const vendors = phone.vendorsFile ? parse(phone.vendorsFile) : {}
  for (const needed of neededBy(phone)) {
    if (!vendors[needed]) throw unusable(`it has no ${needed}`)
  }
  checkTemplates(vendors, phone)
  const { tencent, alibaba, owners, recycled, onetap } = vendors
  const addresses = [tencent?.endpoint, alibaba?.endpoint, owners?.url, recycled?.endpoint, onetap?.endpoint]
  if (production && addresses.some((address) => address !== undefined && !address.startsWith('https:')))
    throw unusable('an address in it does not begin with https://')
  return vendors
}

/** A text without its template would fail at its sending, when a person waits for it. */
function checkTemplates(vendors: PhoneVendors, { sender, countries }: Settings['phone']): void {
  if (sender !== 'tencent' && sender !== 'alibaba') return
  const lacking = lackingTemplates(vendors[sender]?.templates ?? {}, countries)
  if (lacking.length > 0) throw unusable(`${sender}.templates has no ${lacking.join(', ')}`)
}

const neededBy = ({ sender, owners }: Settings['phone']): (keyof PhoneVendors)[] => [
  ...(sender === 'tencent' || sender === 'alibaba' ? [sender] : []),
  ...(owners === 'webhook' ? (['owners'] as const) : []),
]

const unusable = (why: string, cause?: unknown) => unusableFile('YIDENG_PHONE_VENDORS', why, cause)

function parse(file: string): PhoneVendors {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    // never the content: it has keys
    const where = cause instanceof z.ZodError ? cause.issues.map(({ path }) => path.join('.')).join(', ') : 'the file'
    throw unusable(`look at ${where}`, cause)
  }
}
