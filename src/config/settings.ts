import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { loginMethods, type LoginMethodDeclaration } from '../login-methods.ts'
import { readJson } from './machine-errors.ts'
import { accountSettings } from './settings/accounts.ts'
import { channelSettings } from './settings/channels.ts'
import { upstreamSettings } from './settings/upstreams.ts'
import { faceSettings } from './settings/face.ts'
import { lifetimeSettings } from './settings/lifetimes.ts'
import { limitSettings } from './settings/limits.ts'
import { operatorSettings } from './settings/operator.ts'
import { phoneSettings } from './settings/phone.ts'
import { serverSettings } from './settings/server.ts'
import { SettingsError, type DocumentedSettings, type SettingTexts } from './setting-types.ts'

export { SettingsError }

const common: DocumentedSettings = readJson(
  new URL('../../config/defaults.json', import.meta.url),
  z.record(z.string(), z.object({ default: z.string(), meaning: z.string() })),
)

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
  if (!environment['YIDENG_ISSUER']) texts['YIDENG_ISSUER'] = defaultIssuer(texts)
  // a file of the program: a command finds it from every folder
  if (!environment['YIDENG_RESOURCES'])
    texts['YIDENG_RESOURCES'] = fileURLToPath(new URL(`../../${texts['YIDENG_RESOURCES']}`, import.meta.url))
  return readGroups(texts, environment['NODE_ENV'] === 'production')
}

/** An origin does not contain the scheme's own port (URL Standard, 4.4): `http://localhost` on port 80. */
function defaultIssuer({ YIDENG_ISSUER: issuer = '', PORT: port = '' }: SettingTexts): string {
  const filled = issuer.replace('$PORT', port)
  return URL.canParse(filled) ? new URL(filled).origin : issuer.replace(':$PORT', '')
}

const readGroups = (texts: SettingTexts, production: boolean) => ({
  production,
  ...serverSettings(texts, production),
  lifetimes: lifetimeSettings(texts),
  ...accountSettings(texts),
  methods: Object.fromEntries(loginMethods.map(({ name, settings }) => [name, settings.read(texts)])) as MethodSettings,
  face: faceSettings(texts, production),
  limits: limitSettings(texts),
  operator: operatorSettings(texts),
  phone: phoneSettings(texts, production),
  channels: channelSettings(texts),
  upstreams: upstreamSettings(texts),
})

/** Name, default and meaning of every setting, for docs/settings.md. */
export const documentedSettings = Object.entries(documented).map(([name, entry]) => ({ name, ...entry }))
