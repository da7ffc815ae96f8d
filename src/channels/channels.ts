import { z } from 'zod'
import { readKeyFile, readSettingFile, unusableFile } from '../config/setting-files.ts'
import type { Settings } from '../config/settings.ts'

const setting = 'YIDENG_CHANNELS'

/** How a channel hands a person over: a ticket of its mini program, or a redirect of the browser. */
export const channelKinds = ['wechat-mini', 'wechat-h5', 'wechat-web', 'alipay-mini', 'alipay-h5'] as const

export type ChannelKind = (typeof channelKinds)[number]

/** The ids of a vendor's user; which of them names the person is a choice of the channel. */
const subjects = ['unionid', 'openid', 'user_id', 'open_id'] as const

export type SubjectKind = (typeof subjects)[number]

const origin = z
  .url({ protocol: /^https?$/ })
  .refine((value) => new URL(value).origin === value.replace(/\/$/, ''), 'must be an origin')
  .transform((value) => new URL(value).origin)

const row = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must have small letters, digits and hyphens'),
    kind: z.enum(channelKinds),
    name: z.string().min(1).max(40),
    appid: z.string().min(1).max(64),
    /** WeChat: the secret of the app; Alipay: its private key (PEM). */
    secretFile: z.string().min(1),
    /** Alipay's own public key (PEM), which its answers are verified with. */
    publicKeyFile: z.string().min(1).optional(),
    /** Channels of one namespace name the same person by the same subject. */
    namespace: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'must have letters, digits, dots and hyphens'),
    subject: z.enum(subjects),
    level: z.union([z.literal(2), z.literal(3)]),
    /** Origin of the vendor's server. */
    api: origin.optional(),
    /** Origin of the vendor's page that asks the person. */
    open: origin.optional(),
    clients: z.union([z.literal('all'), z.array(z.string().min(1)).min(1)]).default('all'),
  })
  .refine(({ kind, publicKeyFile }) => !isAlipay(kind) || publicKeyFile !== undefined, {
    path: ['publicKeyFile'],
    error: 'Alipay needs it',
  })
  .refine(({ kind, subject }) => isAlipay(kind) === (subject === 'user_id' || subject === 'open_id'), {
    path: ['subject'],
    error: 'is an id that this vendor lacks',
  })

const schema = z
  .array(row)
  .refine((rows) => new Set(rows.map(({ id }) => id)).size === rows.length, 'must have each id once')

export const isAlipay = (kind: ChannelKind): boolean => kind.startsWith('alipay-')

/** A mini program hands over by a ticket; a page of the vendor by a redirect. */
export const isMiniProgram = (kind: ChannelKind): boolean => kind.endsWith('-mini')

/** Whether a mini program may be that of a channel: its code counts for no other. A user agent that names none may be of each. */
export const isProgramOf = (
  { kind, appid }: Pick<Channel, 'kind' | 'appid'>,
  container: { readonly appid: string | undefined } | undefined,
): boolean => !isMiniProgram(kind) || container?.appid === undefined || container.appid === appid

/** A channel as its operator registered it (DESIGN 1.6). */
export interface Channel extends Omit<z.infer<typeof row>, 'secretFile' | 'publicKeyFile' | 'api' | 'open'> {
  secret: string
  publicKey: string | undefined
  api: string
  open: string
}

const origins = (kind: ChannelKind) =>
  isAlipay(kind)
    ? { api: 'https://openapi.alipay.com', open: 'https://openauth.alipay.com' }
    : { api: 'https://api.weixin.qq.com', open: 'https://open.weixin.qq.com' }

/**
 * Reads the file of YIDENG_CHANNELS with the keys that it names; no channel without a file. Paths in it may be relative to it.
 * @throws SettingsError for a file that cannot be used, never with its content
 */
export function readChannels({
  channels: { file },
  production,
}: Pick<Settings, 'production'> & { channels: Pick<Settings['channels'], 'file'> }): Channel[] {
  if (!file) return []
  const channels = readSettingFile(setting, file, schema).map(
    ({ secretFile, publicKeyFile, api, open, ...given }): Channel => {
      const usual = origins(given.kind)
      const read = (key: string) => readKeyFile(setting, file, { key, owner: `channel ${given.id}` })
      return {
        ...given,
        api: api ?? usual.api,
        open: open ?? usual.open,
        secret: read(secretFile),
        publicKey: publicKeyFile === undefined ? undefined : read(publicKeyFile),
      }
    },
  )
  const bare = channels.find(({ api, open }) => [api, open].some((address) => !address.startsWith('https:')))
  if (production && bare)
    throw unusableFile(setting, `the channel ${bare.id} has an address that does not begin with https://`)
  return channels
}
