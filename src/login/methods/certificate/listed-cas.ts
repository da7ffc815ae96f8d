import { SettingsError, type Settings } from '../../../config/settings.ts'
import { readAuthorities } from './cas-file.ts'
import { name } from './certificate-deps.ts'

/** Ids of the CAs in the file of YIDENG_CERT_CAS now; undefined for a file that cannot be used. */
export function listedCas(settings: Pick<Settings, 'methods' | 'sm2Keys'>): string[] | undefined {
  const { file } = settings.methods[name]
  try {
    return file ? readAuthorities(file, settings).list.map(({ id }) => id) : []
  } catch (error) {
    if (error instanceof SettingsError) return undefined
    throw error
  }
}
