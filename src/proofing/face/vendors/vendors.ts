import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Clock } from '../../../config/clock.ts'
import { SettingsError } from '../../../config/settings.ts'
import { faceVendors, type FaceVendor } from '../../../config/settings/face.ts'
import type { FaceVerifier } from '../face-verifier.ts'
import { alibabaSettings, alibabaVerifier } from './alibaba.ts'
import { tencentSettings, tencentVerifier } from './tencent.ts'
import { webhookSettings, webhookVerifier } from './webhook.ts'

/** A vendor with its settings: the address that it is called at, and its verifier. */
interface ConfiguredVendor {
  address: string
  open(clock: Clock, timeoutMs: number): FaceVerifier
}

/** The settings of each vendor, read from its part of the file. */
const vendors: Record<FaceVendor, z.ZodType<ConfiguredVendor>> = {
  tencent: tencentSettings.transform((own) => ({
    address: own.endpoint,
    open: (clock, timeoutMs) => tencentVerifier(own, clock, timeoutMs),
  })),
  alibaba: alibabaSettings.transform((own) => ({
    address: own.endpoint,
    open: (clock, timeoutMs) => alibabaVerifier(own, clock, timeoutMs),
  })),
  webhook: webhookSettings.transform((own) => ({
    address: own.url,
    open: (clock, timeoutMs) => webhookVerifier(own, clock, timeoutMs),
  })),
}

const schema = z.strictObject({
  /** Time limit for an answer. */
  timeoutSeconds: z.number().positive().max(30).default(8),
  ...z.object(vendors).partial().shape,
})

/**
 * The vendors that a province has an account with (YIDENG_FACE_VENDORS); none without a file.
 * @throws SettingsError
 */
export function readVendors(file: string, clock: Clock, production: boolean): FaceVerifier[] {
  if (!file) return []
  const { timeoutSeconds, ...parsed } = parse(file)
  const configured = faceVendors.flatMap((name) => parsed[name] ?? [])
  if (production && configured.some(({ address }) => !address.startsWith('https:'))) {
    throw new SettingsError('The setting YIDENG_FACE_VENDORS names an address that does not begin with https://.')
  }
  return configured.map(({ open }) => open(clock, timeoutSeconds * 1000))
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
