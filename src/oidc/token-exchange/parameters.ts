import { errors } from 'oidc-provider'
import { z } from 'zod'

export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
/** The type of `authorization_details` (RFC 9396): one mandate, limited to some of its matters. */
export const mandateType = 'urn:yideng:mandate'

/** The parameters of RFC 8693 section 2.1 that are supported. */
const parameters = z.object({
  subject_token: z.string().min(1),
  subject_token_type: z.literal(accessTokenType),
  requested_token_type: z.literal(accessTokenType).optional(),
  resource: z.string().optional(),
  audience: z.string().optional(),
  scope: z.string().optional(),
  authorization_details: z.string().optional(),
  actor_token: z.undefined(),
  actor_token_type: z.undefined(),
})

export const parameterNames = Object.keys(parameters.shape)

/** @throws InvalidRequest */
export function readParameters(params: unknown): z.infer<typeof parameters> {
  const read = parameters.safeParse(params)
  if (read.success) return read.data
  throw new errors.InvalidRequest(`${read.error.issues[0]?.path.join('.')} is missing or not supported`)
}

const wantedDetails = z
  .array(
    z.strictObject({
      type: z.literal(mandateType),
      mandate: z.string().optional(),
      matters: z.array(z.string()).optional(),
    }),
  )
  .length(1)

/** @throws InvalidAuthorizationDetails */
export function readDetails(text: string | undefined): {
  mandate?: string | undefined
  matters?: string[] | undefined
} {
  if (text === undefined) return {}
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new errors.InvalidAuthorizationDetails('not JSON', { cause })
  }
  const read = wantedDetails.safeParse(json)
  if (!read.success) throw new errors.InvalidAuthorizationDetails(`must be one object of type ${mandateType}`)
  const [{ mandate, matters } = {}] = read.data
  return { mandate, matters }
}

/** @throws InvalidTarget unless exactly one of `resource` and `audience` is given */
export function readTarget({ resource, audience }: { resource?: string | undefined; audience?: string | undefined }) {
  if (audience !== undefined && resource !== undefined) throw new errors.InvalidTarget('resource or audience, not both')
  const target = resource ?? audience
  if (target === undefined) throw new errors.InvalidTarget('resource is missing')
  return target
}
