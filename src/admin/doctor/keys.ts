import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { dayMs } from '../../config/time.ts'
import { openCookieKeys } from '../../keys/cookie-keys.ts'
import { openDataKeys } from '../../keys/data-keys.ts'
import { openSm2Keys, sm2KeyFile } from '../../keys/guomi/sm2-keys.ts'
import { openSigningKeys } from '../../keys/signing-keys.ts'
import { isSigningKey } from '../../keys/token-keys.ts'
import type { CommandContext } from '../command-context.ts'
import type { Finding } from './finding.ts'
import { signingKeyStates } from '../keys/signing-key-states.ts'

/** A key in use for longer should be rotated. */
export const oldMs = 366 * dayMs

/** Finds key files without keys. Another check reports missing files. */
export async function unusableKeys(context: CommandContext): Promise<Finding[]> {
  const { keysDir } = await context.settings()
  const files: { name: string; open(directory: string): unknown; without: string }[] = [
    { name: 'data.json', open: openDataKeys, without: ': the accounts cannot be read without it' },
    {
      name: 'signing.json',
      open: (directory) => openSigningKeys(directory, context.clock),
      without: ', or remove it: then new keys are made, and people sign in again',
    },
    {
      name: sm2KeyFile,
      open: (directory) => openSm2Keys(directory, context.clock),
      without: ', or remove it: then a new key is made, and portals with SM2 read the key set again',
    },
    {
      name: 'cookies.json',
      open: openCookieKeys,
      without: ', or remove it: then new keys are made, and open forms must be loaded again',
    },
  ]
  return files.flatMap(({ name, open, without }): Finding[] => {
    const file = join(keysDir, name)
    if (!existsSync(file)) return []
    try {
      open(keysDir)
      return []
    } catch {
      const todo = `restore it from your backup${without}`
      return [{ state: 'fail', what: 'keys', finding: `${file} has no keys`, todo }]
    }
  })
}

/** Finds signing keys to retire or to rotate. */
export async function signingKeyAge(context: CommandContext): Promise<Finding> {
  const what = 'signing keys'
  const states = await signingKeyStates(context)
  const now = context.clock()
  const retirable = states.filter(({ retirable: may }) => may).map(({ key }) => key.kid)
  if (retirable.length > 0) {
    const finding = `${retirable.join(', ')} ${retirable.length === 1 ? 'is' : 'are'} published but no longer needed`
    return { state: 'warn', what, finding, todo: 'npx yideng keys retire' }
  }
  const old = states.filter(({ key, state }) => state === 'signs' && Date.parse(key.createdAt) < now - oldMs)
  const successor = states.some(({ state }) => state === 'waits')
  if (old.length > 0 && !successor) {
    const finding = `${old.map(({ key }) => key.kid).join(', ')} have signed for more than a year`
    return { state: 'warn', what, finding, todo: 'npx yideng keys rotate' }
  }
  const { rsaBits } = await context.settings()
  const newest = states.map(({ key }) => key).toSorted((one, other) => other.useFrom - one.useFrom)
  const rsa = newest.find(({ alg }) => alg === 'RS256')
  const bits = rsa && isSigningKey(rsa) ? rsa.privateKey.asymmetricKeyDetails?.modulusLength : undefined
  if (rsa && bits !== undefined && bits < rsaBits) {
    const finding = `${rsa.kid} has ${bits} bits; YIDENG_RSA_BITS asks for ${rsaBits}`
    return { state: 'warn', what, finding, todo: 'npx yideng keys rotate' }
  }
  return { state: 'ok', what, finding: states.map(({ key, state }) => `${key.kid} ${state}`).join(', ') }
}
