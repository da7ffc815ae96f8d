import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import {
  addSm2Keys,
  hasSm2Software,
  openSm2Keys,
  retireSm2Keys,
  sm2KeySet,
  softwareSm2Keys,
  type Sm2SigningKey,
} from './guomi/sm2-keys.ts'
import { createSignatureServer, type SignatureServer } from './guomi/svs/signature-server.ts'
import { addSigningKeys, openSigningKeys, retireSigningKeys, type SigningKey } from './signing-keys.ts'

/** A key that signs tokens of portals. */
export type TokenKey = SigningKey | Sm2SigningKey

/** Whether a key signs by ES256 or RS256, not by SM2. */
export const isSigningKey = (key: TokenKey): key is SigningKey => key.alg === 'ES256' || key.alg === 'RS256'

type Where = Pick<Settings, 'keysDir' | 'sm2Keys' | 'svsFile'> & Partial<Pick<Settings, 'rsaBits'>>

/** The signature server of the settings. @throws SettingsError */
export const signatureServerOf = (
  { sm2Keys, svsFile }: Pick<Settings, 'sm2Keys' | 'svsFile'>,
  counted?: Parameters<typeof createSignatureServer>[1],
): SignatureServer | undefined => (sm2Keys === 'svs' ? createSignatureServer(svsFile, counted) : undefined)

/**
 * All keys that sign tokens; the first start makes them.
 * @param signatureServer a process that signs gives its own, which remembers failures
 */
export const openTokenKeys = (
  settings: Where,
  clock: Clock,
  signatureServer = signatureServerOf(settings),
): TokenKey[] => [
  ...openSigningKeys(settings.keysDir, clock, settings.rsaBits),
  ...(hasSm2Software(settings) ? openSm2Keys(settings.keysDir, clock) : []),
  ...(signatureServer?.keys() ?? []),
]

/**
 * The public halves of all SM2 keys that sign or signed: of this process and of the signature server (GM/T 0125.4). They are no part
 * of the other set, which every library reads.
 * @throws SettingsError
 */
export function sm2PublicKeySet(settings: Where, clock: Clock): { keys: object[] } {
  if (hasSm2Software(settings)) openSm2Keys(settings.keysDir, clock)
  const software = softwareSm2Keys(settings.keysDir, clock)
  return { keys: [...software.keys, ...sm2KeySet(signatureServerOf(settings)?.keys() ?? []).keys] }
}

/** Adds a key for each algorithm: published immediately, used from `useFrom`. @returns their ids */
export const addTokenKeys = (settings: Where, clock: Clock, useFrom: number): string[] => [
  ...addSigningKeys(settings.keysDir, clock, useFrom, settings.rsaBits),
  ...(hasSm2Software(settings) ? addSm2Keys(settings.keysDir, clock, useFrom) : []),
]

/** Retires keys: deletes their private halves, keeps the public ones. */
export function retireTokenKeys(settings: Where, clock: Clock, kids: ReadonlySet<string>): void {
  retireSigningKeys(settings.keysDir, clock, kids)
  if (hasSm2Software(settings)) retireSm2Keys(settings.keysDir, clock, kids)
}
