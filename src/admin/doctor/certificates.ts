import { SettingsError, type Settings } from '../../config/settings.ts'
import { readAuthorities } from '../../login/methods/certificate/cas-file.ts'
import { dayMs } from '../../config/time.ts'
import { iso } from '../outcome.ts'
import type { Finding } from './finding.ts'

const what = 'certificate authorities'

/** A CA whose certificate ends within this time is a warning, in milliseconds. */
const soonMs = 30 * dayMs

/** The file of YIDENG_CERT_CAS with its certificates. No CA is asked. @param now milliseconds since 1970 UTC */
export function certificateFile(settings: Settings, now: number): Finding[] {
  const { file } = settings.methods.certificate
  if (!file) return []
  try {
    const { list } = readAuthorities(file, settings)
    const ends = list.map(({ id, certificates }) => ({ id, end: Math.min(...certificates.map((one) => one.notAfter)) }))
    const ending = ends.filter(({ end }) => end < now + soonMs)
    if (ending.length === 0) return [{ state: 'ok', what, finding: file }]
    return ending.map(({ id, end }) => ({
      state: 'warn',
      what,
      finding: `${id}: a certificate of its file is valid until ${iso(end)}`,
      todo: 'get the next one from the CA: a certificate of an expired CA signs in no person (docs/certificates.md)',
    }))
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    const todo = 'correct it: a running server keeps its earlier list, and none starts with it (docs/certificates.md)'
    return [{ state: 'fail', what, finding: error.message, todo }]
  }
}
