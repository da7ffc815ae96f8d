import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { readSettingFile, unusableFile } from '../../../config/setting-files.ts'
import { SettingsError } from '../../../config/setting-types.ts'
import { sm2KeyOf, type Sm2PublicKey } from '../sm2.ts'

const schema = z.strictObject({
  /** One device behind each; the next one is asked where one fails. */
  addresses: z
    .array(z.url({ protocol: /^https?$/ }))
    .min(1)
    .max(8),
  /** How the device reads a request: both forms exist. */
  body: z.enum(['form', 'json']).default('form'),
  /** Has the PIN of the keys (GM/T 0029 `keyValue`). */
  pinFile: z.string().min(1),
  keys: z
    .array(
      z.strictObject({
        index: z.number().int().min(0).max(65_535),
        /** PEM of the public key, or of the certificate that the device exports. */
        publicKeyFile: z.string().min(1),
        /** A new key is published a day before its first use. */
        useFrom: z.iso.datetime(),
      }),
    )
    .min(1)
    .max(16),
})

/** The signature server as its operator registered it. */
export interface SvsRegistration extends Omit<z.infer<typeof schema>, 'pinFile' | 'keys'> {
  pin: string
  keys: { index: number; publicKey: Sm2PublicKey; useFrom: string }[]
}

const setting = 'YIDENG_SVS'
const unusable = (why: string, cause?: unknown) => unusableFile(setting, why, cause)

/**
 * Reads the file of YIDENG_SVS with the files that it names; their paths may be relative to it.
 * @throws SettingsError, never with the content of a file
 */
export function readSvsFile(file: string): SvsRegistration {
  const { pinFile, keys, ...rest } = readSettingFile(setting, file, schema)
  const text = (name: string) => {
    try {
      return readFileSync(resolve(dirname(file), name), 'utf8').trim()
    } catch (cause) {
      throw unusable('a file that it names cannot be read', cause)
    }
  }
  const pin = text(pinFile)
  if (pin === '') throw unusable('the file of its PIN is empty')
  return {
    ...rest,
    pin,
    keys: keys.map(({ index, publicKeyFile, useFrom }) => {
      try {
        return { index, useFrom, publicKey: sm2KeyOf(createPublicKey(text(publicKeyFile))) }
      } catch (cause) {
        if (cause instanceof SettingsError) throw cause
        throw unusable(`the public key of index ${index} is none of SM2`, cause)
      }
    }),
  }
}
