import { z } from 'zod'
import { allDocumentTypes } from '../accounts/identifiers/documents.ts'
import { readKeyFile, readSettingFile, unusableFile } from '../config/setting-files.ts'
import type { Settings } from '../config/settings.ts'
import { upstreamId } from '../config/upstream-id.ts'
import { faultsOf } from './kind-needs.ts'

const setting = 'YIDENG_UPSTREAMS'

/** How an existing account system speaks: OpenID Connect, an OAuth 2.0 of its own, CAS, or signed messages of an adapter. */
export const upstreamKinds = ['oidc', 'oauth2', 'cas', 'adapter'] as const

export type UpstreamKind = (typeof upstreamKinds)[number]

const address = z.url({ protocol: /^https?$/ }).refine((value) => !value.includes('#'), 'must have no fragment')
const level = z.union([z.literal(2), z.literal(3), z.literal(4)])
/** Where a field of an answer is: names with dots between them, such as `userobj.cn`. */
const path = z
  .string()
  .regex(/^[A-Za-z0-9_:-]{1,64}(\.[A-Za-z0-9_:-]{1,64}){0,4}$/, 'must be names with dots between them')

/** A type of document as config/documents.json names it. */
const documentType = z
  .string()
  .refine((type) => allDocumentTypes.includes(type), 'must be a type of config/documents.json')

const row = z.strictObject({
  id: z.string().regex(upstreamId, 'must have small letters, digits and hyphens'),
  kind: z.enum(upstreamKinds),
  name: z.string().min(1).max(40),
  /** Division code (GB/T 2260) of the city or county that runs it. */
  region: z
    .string()
    .regex(/^\d{6}$/, 'must have six digits')
    .optional(),
  /** Of `oidc` and `adapter`: the issuer of its tokens. */
  issuer: address.optional(),
  /** Of the other kinds; each kind says which it needs. */
  addresses: z
    .strictObject({
      authorize: address,
      token: address,
      user: address,
      login: address,
      validate: address,
      logout: address,
      adapter: address,
    })
    .partial()
    .optional(),
  clientId: z.string().min(1).max(256).optional(),
  clientSecretFile: z.string().min(1).optional(),
  /** Of `adapter`: its public key (PEM or JWK), which its answers are verified with. */
  publicKeyFile: z.string().min(1).optional(),
  scope: z.string().max(500).optional(),
  /** Where the fields of a person are in its answer. */
  claims: z
    .strictObject({ subject: path, name: path, phone: path, documentType: path, documentNumber: path, level: path })
    .partial()
    .default({}),
  /** Its levels, in its own words, with ours. A level that is not here counts as 2. */
  levels: z.record(z.string().min(1), level).default({}),
  /** Its types of document, in its own words, with ours. */
  documentTypes: z.record(z.string().min(1), documentType).default({}),
  /** Types of document whose numbers it has proven itself; only these can link by number. */
  authoritativeFor: z.array(documentType).default([]),
  /** `ask`: never by number, only by a sign-in of the person. */
  linking: z.enum(['ask', 'number']).default('number'),
  /** Portals that show it. */
  clients: z.union([z.literal('all'), z.array(z.string().min(1)).min(1)]).default('all'),
  /** Details of one kind, such as names of parameters; each kind checks its own. */
  options: z.record(z.string(), z.union([z.string(), z.boolean()])).default({}),
})

/** A row of the file, before its keys are read. */
export type UpstreamRow = z.infer<typeof row>

const rowOfKind = row.superRefine((one, context) => {
  for (const [field, message] of faultsOf(one)) context.addIssue({ code: 'custom', path: field.split('.'), message })
})

const schema = z
  .array(rowOfKind)
  .refine((rows) => new Set(rows.map(({ id }) => id)).size === rows.length, 'must have each id once')

/** An existing account system as its operator registered it (DESIGN 1.7). */
export interface Upstream extends Omit<UpstreamRow, 'clientSecretFile' | 'publicKeyFile'> {
  secret: string | undefined
  publicKey: string | undefined
}

/**
 * Reads the file of YIDENG_UPSTREAMS with the keys that it names; no upstream without a file. Paths in it may be relative to it.
 * @throws SettingsError for a file that cannot be used, never with its content
 */
export function readUpstreams({
  upstreams: { file },
  production,
}: Pick<Settings, 'production' | 'upstreams'>): Upstream[] {
  if (!file) return []
  const upstreams = readSettingFile(setting, file, schema).map(
    ({ clientSecretFile, publicKeyFile, ...given }): Upstream => {
      const owner = `upstream ${given.id}`
      const key = (named: string | undefined) =>
        named === undefined ? undefined : readKeyFile(setting, file, { key: named, owner })
      return { ...given, secret: key(clientSecretFile), publicKey: key(publicKeyFile) }
    },
  )
  const isBare = (one: Upstream) =>
    [one.issuer, ...Object.values(one.addresses ?? {})].some((value) => value?.startsWith('http:'))
  const bare = upstreams.find(isBare)
  if (production && bare)
    throw unusableFile(setting, `the upstream ${bare.id} has an address that does not begin with https://`)
  return upstreams
}
