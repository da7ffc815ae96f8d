import { z } from 'zod'
import { charsets } from './upstream-call.ts'

const word = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be a name')
const path = z
  .string()
  .regex(/^[A-Za-z0-9_:-]{1,64}(\.[A-Za-z0-9_:-]{1,64}){0,4}$/, 'must be names with dots between them')
const charset = z.enum(charsets).default('utf-8')

/** Of every kind: the type of document of all people, where an answer names none. */
const common = { documentType: z.string().min(1).optional() }

/** How a system of its own differs from RFC 6749. */
const oauth2 = z.strictObject({
  ...common,
  tokenMethod: z.enum(['GET', 'POST']).default('POST'),
  userMethod: z.enum(['GET', 'POST']).default('GET'),
  /** Where the secret goes: with the other parameters, or in the header (RFC 6749, 2.3.1). */
  secretIn: z.enum(['parameters', 'header']).default('parameters'),
  /** Where the access token goes at the address of the user (RFC 6750, 2). */
  accessTokenIn: z.enum(['parameters', 'header']).default('header'),
  clientIdName: word.default('client_id'),
  secretName: word.default('client_secret'),
  codeName: word.default('code'),
  redirectName: word.default('redirect_uri'),
  accessTokenName: word.default('access_token'),
  /** Where the answer of `addresses.token` has the access token. */
  accessTokenAt: path.default('access_token'),
  /** Where an answer has the name of an error; any value there but 0 is a failure. */
  errorAt: path.default('error'),
  /** Errors that show a wrong registration, with commas between them. */
  registrationErrors: z.string().default('invalid_client,unauthorized_client,invalid_scope'),
  /** `returned`: the upstream gives it back. `path`: it is the end of our address. `dropped`: it is lost on the way. */
  state: z.enum(['returned', 'path', 'dropped']).default('returned'),
  pkce: z.boolean().default(false),
  charset,
  /** Where an answer shows whose account it is, with the value of a natural person: `userobj.usertype=1`. */
  personOnlyIf: z
    .string()
    .regex(/^[A-Za-z0-9_:.-]{1,128}=[^=]{1,64}$/, 'must be names with dots, = and a value')
    .optional(),
})

/** CAS servers before Apereo 5 answer in XML only. */
const cas = z.strictObject({ ...common, format: z.enum(['json', 'xml']).default('json'), charset })

/** The details of each kind that a row may have in `options`, with their defaults. */
export const kindOptions = { oidc: z.strictObject(common), oauth2, cas, adapter: z.strictObject(common) }

export type OAuth2Options = z.infer<typeof oauth2>
