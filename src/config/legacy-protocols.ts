import { readdirSync } from 'node:fs'
import { z } from 'zod'
import { readJson } from './machine-errors.ts'

/** What a template of config/tif may name. A value that the portal may not know is empty. */
export const tifValues = [
  // the account: of a person, or of the organisation that a person acts for
  'subject',
  'subjectHex',
  'userType',
  'name',
  'documentType',
  'documentNumber',
  'phone',
  'sex',
  'isReal',
  'level',
  'way',
  'signedInAt',
  // the person who acts for an organisation
  'actorName',
  'actorDocumentType',
  'actorDocumentNumber',
  'actorPhone',
  'organisationNumber',
  // the same person, where the register names them as the legal representative
  'representativeName',
  'representativeNumber',
  // the organisation above the account of a person with a mandate
  'parentSubject',
  'parentSubjectHex',
  'parentUserType',
  'parentName',
  'parentDocumentType',
  'parentDocumentNumber',
] as const

export type TifValues = Record<(typeof tifValues)[number], string>

const placeholder = /\$\{(\w*)\}/g
const isKnown = (name: string) => tifValues.some((one) => one === name)

const template = z
  .json()
  .refine(
    (value) => [...JSON.stringify(value).matchAll(placeholder)].every(([, name = '']) => isKnown(name)),
    'names a value that does not exist',
  )

export type TifTemplate = z.output<typeof template>

/** The template with these values in place of its names. Texts of a value are never read as names. */
export function fillTemplate(value: TifTemplate, values: TifValues): TifTemplate {
  if (typeof value === 'string') return value.replaceAll(placeholder, (_all, name: keyof TifValues) => values[name])
  if (Array.isArray(value)) return value.map((one) => fillTemplate(one, values))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fillTemplate(one, values)]))
}

const path = z.string().regex(/^(?:\/[\w-]+)+$/)
const code = z.string().regex(/^\w{1,20}$/)
/** Our name of something → the code that portals read; `other` for all others. */
const codes = z.record(z.string(), code).and(z.object({ other: code }))

/** How one province speaks the earlier OAuth2 of its own. Another province is another file in config/tif. */
const profileSchema = z.strictObject({
  /** The value of `--legacy`. */
  protocol: z.string().regex(/^tif(?:-[a-z]{2,20})?$/),
  /** The path before `/authorize`, `/access_token` and `/tokeninfo`. */
  base: path,
  /** The path of the signed call of a mini program's pages, where the province has one. */
  oneOffCode: path.optional(),
  /** The value of the parameter `service`. */
  service: z.string().regex(/^\w{1,40}$/),
  /** Our level (DESIGN 1.4) → the level that its portals read. */
  levels: z.strictObject({ '2': code, '3': code, '4': code }),
  /** Kinds of documents (config/documents.json); `uscc` is that of organisations (GB 32100). */
  documentTypes: codes.and(z.object({ uscc: code })),
  sexes: z.strictObject({ male: code, female: code }),
  /** `amr` of a sign-in (RFC 8176) → its way; the first entry that fits counts. */
  ways: codes,
  /** The answer of `/tokeninfo`: names of its fields, with our values (`tifValues`). */
  tokeninfo: template,
})

export type TifProfile = z.output<typeof profileSchema>

const directory = new URL('../../config/tif/', import.meta.url)

/** The profiles in config/tif, by the names of their files. */
export const tifProfiles: readonly TifProfile[] = readdirSync(directory)
  .filter((name) => name.endsWith('.json'))
  .toSorted()
  .map((name) => readJson(new URL(name, directory), profileSchema))

/** The profile of a legacy protocol; undefined for CAS. */
export const tifProfileOf = (protocol: string | undefined): TifProfile | undefined =>
  tifProfiles.find((profile) => profile.protocol === protocol)

/** The protocols that old portals speak, as a registration names them. */
export const legacyProtocols: readonly string[] = [...tifProfiles.map(({ protocol }) => protocol).toSorted(), 'cas']

/** Path of the CAS endpoints (CAS Protocol 3.0 section 2). */
export const casBase = '/cas'
