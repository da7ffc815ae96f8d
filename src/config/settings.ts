import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { loginMethods, type LoginMethodDeclaration } from '../login-methods.ts'
import { accountSettings } from './settings/accounts.ts'
import { faceSettings } from './settings/face.ts'
import { lifetimeSettings } from './settings/lifetimes.ts'
import { limitSettings } from './settings/limits.ts'
import { serverSettings } from './settings/server.ts'
import { SettingsError, type DocumentedSettings, type SettingTexts } from './setting-types.ts'

export { SettingsError }

const common: DocumentedSettings = z
  .record(z.string(), z.object({ default: z.string(), meaning: z.string() }))
  .parse(JSON.parse(readFileSync(new URL('../../config/defaults.json', import.meta.url), 'utf8')))

/** A login method documents its own settings (src/login/methods/<name>/settings.ts). */
const documented: DocumentedSettings = Object.assign(
  {},
  common,
  ...loginMethods.map(({ settings }) => settings.documented),
)

/** The settings of each login method, by its name. */
type MethodSettings = { [M in LoginMethodDeclaration as M['name']]: ReturnType<M['settings']['read']> }

/** All settings, parsed; paths are absolute. config/defaults.json and the login methods document them. */
export type Settings = ReturnType<typeof readGroups>

/**
 * Reads the settings from an environment; a missing or empty variable takes its default.
 * @throws SettingsError naming the first wrong setting
 */
export function readSettings(environment: Record<string, string | undefined>): Settings {
  const texts = Object.fromEntries(
    Object.entries(documented).map(([name, { default: value }]) => [name, environment[name] || value]),
  )
  texts['YIDENG_ISSUER'] = (texts['YIDENG_ISSUER'] ?? '').replace('$PORT', texts['PORT'] ?? '')
  return readGroups(texts, environment['NODE_ENV'] === 'production')
}

const readGroups = (texts: SettingTexts, production: boolean) => ({
  production,
  ...serverSettings(texts, production),
  lifetimes: lifetimeSettings(texts),
  ...accountSettings(texts),
  methods: Object.fromEntries(loginMethods.map(({ name, settings }) => [name, settings.read(texts)])) as MethodSettings,
  face: faceSettings(texts, production),
  limits: limitSettings(texts),
})

/** Name, default and meaning of every setting, for docs/settings.md. */
export const documentedSettings = Object.entries(documented).map(([name, entry]) => ({ name, ...entry }))
