import { z } from 'zod'

/** A setting that cannot be used; the message is one plain sentence that names it. */
export class SettingsError extends Error {}

/** Default and meaning of each setting, by the name of its environment variable. */
export type DocumentedSettings = Readonly<Record<string, { default: string; meaning: string }>>

export const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be between ${least} and ${most}`)

export const listOf = (value: string) => value.split(',').flatMap((one) => one.trim() || [])

/** @throws SettingsError naming the first wrong setting */
export function parseSettings<S extends z.ZodType>(schema: S, given: Record<string, string>): z.infer<S> {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const name = String(issue?.path[0])
  // an address may hold a password
  const shown = name.endsWith('_URL') ? name : `${name}=${JSON.stringify(given[name])}`
  throw new SettingsError(`The setting ${shown} ${issue?.message ?? 'is wrong'}.`)
}
