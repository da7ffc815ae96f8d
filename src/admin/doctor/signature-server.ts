import { randomBytes } from 'node:crypto'
import { SettingsError, type Settings } from '../../config/settings.ts'
import type { Sm2SigningKey } from '../../keys/guomi/sm2-keys.ts'
import { signatureServerOf } from '../../keys/token-keys.ts'
import type { Finding } from './finding.ts'

const what = 'signature server'

/** Signs a probe with each key of the signature server. Without one, it tells who holds the keys of SM2. */
export async function signatureServer(settings: Settings): Promise<Finding[]> {
  if (settings.sm2Keys === 'software' && settings.production) {
    const finding = 'the keys of SM2 are in a file, and no certified product holds them'
    const todo = 'set YIDENG_SM2_KEYS=svs and YIDENG_SVS before an assessment (GB/T 39786)'
    return [{ state: 'warn', what: 'SM2 keys', finding, todo }]
  }
  try {
    const keys = signatureServerOf(settings)?.keys() ?? []
    return await Promise.all(keys.map(probed))
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    return [{ state: 'fail', what, finding: error.message, todo: 'correct the file of YIDENG_SVS' }]
  }
}

async function probed({ kid, sign }: Sm2SigningKey): Promise<Finding> {
  const began = performance.now()
  try {
    await sign(randomBytes(32))
    return { state: 'ok', what, finding: `${kid} signs, and its signature verifies: ${since(began)} ms` }
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    const todo = 'look at the device, its PIN, and the key index in the file of YIDENG_SVS'
    return { state: 'fail', what, finding: `${kid} does not sign: ${cause}`, todo }
  }
}

const since = (began: number) => Math.round(performance.now() - began)
