import { dirname, resolve } from 'node:path'
import type { Clock } from '../../../config/clock.ts'
import { SettingsError, type Settings } from '../../../config/settings.ts'
import { readAuthorities, type CertificateAuthorities } from './cas-file.ts'

/** Milliseconds after which the file is read again. */
const rereadMs = 5000

/** The CAs of the file now. A file that cannot be used any more leaves the list as it was; `doctor` shows the fault. */
export interface OpenAuthorities {
  now(): CertificateAuthorities
  /** Path of a file that the file of the CAs names. */
  pathOf(name: string): string
}

/** @throws SettingsError for a file that cannot be used at the start */
export function openAuthorities(file: string, settings: Pick<Settings, 'sm2Keys'>, clock: Clock): OpenAuthorities {
  let known = readAuthorities(file, settings)
  let readAt = clock()
  return {
    pathOf: (name) => resolve(dirname(file), name),
    now() {
      if (Math.abs(clock() - readAt) < rereadMs) return known
      readAt = clock()
      try {
        known = readAuthorities(file, settings)
      } catch (error) {
        if (!(error instanceof SettingsError)) throw error
      }
      return known
    },
  }
}
