import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Clock } from '../../../config/clock.ts'
import { SettingsError } from '../../../config/settings.ts'
import type { FaceVerifier } from '../face-verifier.ts'
import { alibabaSettings, alibabaVerifier } from './alibaba.ts'
import { tencentSettings, tencentVerifier } from './tencent.ts'
import { webhookSettings, webhookVerifier } from './webhook.ts'

const schema = z.strictObject({
  /** Time limit for an answer. */
  timeoutSeconds: z.number().positive().max(30).default(8),
  tencent: tencentSettings.optional(),
  alibaba: alibabaSettings.optional(),
  webhook: webhookSettings.optional(),
})

/**
 * The vendors that a province has an account with (YIDENG_FACE_VENDORS); none without a file.
 * @throws SettingsError
 */
export function readVendors(file: string, clock: Clock, production: boolean): FaceVerifier[] {
  if (!file) return []
  const { timeoutSeconds, tencent, alibaba, webhook } = parse(file)
  const mostMs = timeoutSeconds * 1000
  const addresses = [tencent?.endpoint, alibaba?.endpoint, webhook?.url]
  if (production && addresses.some((address) => address !== undefined && !address.startsWith('https:'))) {
    throw new SettingsError('The setting YIDENG_FACE_VENDORS names an address that does not begin with https://.')
  }
  return [
    ...(tencent ? [tencentVerifier(tencent, clock, mostMs)] : []),
    ...(alibaba ? [alibabaVerifier(alibaba, clock, mostMs)] : []),
    ...(webhook ? [webhookVerifier(webhook, clock, mostMs)] : []),
  ]
}

function parse(file: string): z.infer<typeof schema> {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    // never the content: it has keys
    const where = cause instanceof z.ZodError ? cause.issues.map(({ path }) => path.join('.')).join(', ') : 'the file'
    throw new SettingsError(`The setting YIDENG_FACE_VENDORS names a file that cannot be used: look at ${where}.`, {
      cause,
    })
  }
}
