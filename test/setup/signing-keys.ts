import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSigningKeys } from '../../src/keys/signing-keys.ts'

interface KeyFile {
  keys: { created_at: string }[]
}

let kept: KeyFile | undefined

/** Lays signing keys into a new directory, the same in all of this process: to make an RSA key costs as much as the rest of a start. */
export function laySigningKeys(directory: string, clock: () => number = Date.now): void {
  const file = join(directory, 'signing.json')
  if (!kept) {
    openSigningKeys(directory, clock)
    kept = JSON.parse(readFileSync(file, 'utf8')) as KeyFile
    return
  }
  const created_at = new Date(clock()).toISOString()
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileSync(file, JSON.stringify({ keys: kept.keys.map((key) => ({ ...key, created_at })) }), { mode: 0o600 })
}
