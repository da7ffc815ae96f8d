import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { z } from 'zod'
import { levelOf } from '../assurance/levels.ts'
import { registeredFor } from './registered.ts'

const optional = <T extends z.ZodType>(value: T) =>
  z.nullable(
    z.looseObject({ essential: z.boolean().optional(), value: value.optional(), values: z.array(value).optional() }),
  )

const members = z.object({ acr: optional(z.string()).optional() }).catchall(optional(z.unknown()))

/** The `claims` parameter (OpenID Connect Core section 5.5). */
const schema = z.looseObject({ id_token: members.optional(), userinfo: members.optional() })

/** The `acr` values in a `claims` parameter (section 5.5.1.1). Empty for a malformed parameter. */
export function acrValuesAsked(text: string): string[] {
  const read = schema.safeParse(parsed(text))
  return read.success ? acrValuesIn(read.data) : []
}

function acrValuesIn({ id_token }: z.infer<typeof schema>): string[] {
  const { values = [], value } = id_token?.acr ?? {}
  return value === undefined ? values : [...values, value]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** An essential `acr` that no level of this server has fails the sign-in (section 5.5.1.1). */
function assertReachable(claims: z.infer<typeof schema>): void {
  const values = acrValuesIn(claims)
  if (!claims.id_token?.acr?.essential || values.length === 0 || values.some((one) => levelOf(one))) return
  throw new errors.UnmetAuthenticationRequirements('no level of this server has a requested acr')
}

/**
 * For oidc-provider's `assertClaimsParameter`. Unknown claims are ignored (section 5.5).
 * @throws InvalidRequest for a malformed parameter, and for a claim whose scope the client is not registered for.
 * @throws UnmetAuthenticationRequirements for an essential `acr` out of reach
 */
export function assertClaimsRequest(
  _ctx: KoaContextWithOIDC,
  claims: unknown,
  client: { scope?: string | undefined },
): void {
  const read = schema.safeParse(claims)
  if (!read.success) {
    const [issue] = read.error.issues
    throw new errors.InvalidRequest(`claims.${issue?.path.join('.') ?? ''} is malformed`)
  }
  assertReachable(read.data)
  const { mayNot } = registeredFor(client)
  const names = [read.data.id_token, read.data.userinfo].flatMap((asked) => Object.keys(asked ?? {}))
  const beyond = names.find(mayNot)
  if (beyond !== undefined) throw new errors.InvalidRequest(`this client is not registered for the claim ${beyond}`)
}
