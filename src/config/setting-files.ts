import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { fileSentence } from './machine-errors.ts'
import { SettingsError } from './setting-types.ts'

/** A file that a setting names cannot be used. */
export const unusableFile = (setting: string, why: string, cause?: unknown) =>
  new SettingsError(`The setting ${setting} names a file that cannot be used: ${why}.`, { cause })

/** Reads the JSON file of a setting. @throws SettingsError, never with the content of the file */
export function readSettingFile<T>(setting: string, file: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    if (!(cause instanceof z.ZodError))
      throw unusableFile(setting, fileSentence(cause) ?? 'it is no JSON document', cause)
    const where = cause.issues.map(({ path, message }) => `${path.join('.')} ${message}`.trim()).join('; ')
    throw unusableFile(setting, where, cause)
  }
}

/**
 * Reads a key file that the file of a setting names; its path may be relative to that file.
 * @param owner the entry that needs it, such as `channel wx`
 * @throws SettingsError, never with the key
 */
export function readKeyFile(setting: string, file: string, { key, owner }: { key: string; owner: string }): string {
  try {
    const text = readFileSync(resolve(dirname(file), key), 'utf8').trim()
    if (text) return text
  } catch (cause) {
    throw unusableFile(setting, `a key file of the ${owner} cannot be read`, cause)
  }
  throw unusableFile(setting, `a key file of the ${owner} is empty`)
}
