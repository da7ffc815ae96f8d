import { resolve } from 'node:path'
import { z } from 'zod'
import { chinaOffsetMs, daySeconds } from './time.ts'

/** A setting with an unusable value. The message is one sentence that names the setting. */
export class SettingsError extends Error {}

/** Default and meaning of each setting, by the name of its environment variable. */
export type DocumentedSettings = Readonly<Record<string, { default: string; meaning: string }>>

/** The text of every setting by name, defaults filled in. */
export type SettingTexts = Readonly<Record<string, string>>

/**
 * Parses the settings that a schema names.
 * @throws SettingsError naming the first wrong setting
 */
export function parseSettings<Schema extends z.ZodObject>(schema: Schema, texts: SettingTexts): z.output<Schema> {
  const parsed = schema.safeParse(texts)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const name = String(issue?.path[0])
  // The address of a store may contain a password.
  const shown = name.endsWith('_URL') ? name : `${name}=${JSON.stringify(texts[name])}`
  throw new SettingsError(`The setting ${shown} ${issue?.message ?? 'is wrong'}.`)
}

export const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be between ${least} and ${most}`)

/** A duration from one second to a year. */
export const seconds = whole(1, 366 * daySeconds)

/** The beginning of a day in China, in milliseconds since 1970 UTC; undefined where it is empty. */
export const date = z.union([
  z.literal('').transform(() => undefined),
  z.iso
    .date('must be a day such as 2027-12-31, or empty')
    .transform((day) => Date.parse(`${day}T00:00:00Z`) - chinaOffsetMs),
])

export const yesOrNo = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .transform((value) => value === 'true')

/** A file or directory, made absolute. */
export const path = z
  .string()
  .min(1, 'must name a directory or file')
  .transform((value) => resolve(value))

/** Like `path`, or empty. */
export const optionalPath = z.string().transform((value) => (value ? resolve(value) : ''))

/** Values separated by commas. */
export const listOf = (value: string): string[] => value.split(',').flatMap((one) => one.trim() || [])

/** Empty, or at most `most` addresses separated by commas. */
export const addresses = (scheme: RegExp, most: number, message: string) =>
  z.string().refine((value) => {
    const all = value.split(',')
    return value === '' || (all.length <= most && all.every((one) => scheme.test(one) && URL.canParse(one)))
  }, message)
