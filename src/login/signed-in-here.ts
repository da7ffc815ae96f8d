import { z } from 'zod'

const schema = z.object({ attempt: z.string(), again: z.boolean() })

/**
 * The sign-in of an authorization request, in the result of its login. Further questions of the same request keep it; a request that
 * needed none, or only raised a level, has none.
 */
export type SignedInHere = z.infer<typeof schema>

const inResult = z.object({ signedInHere: schema })

/** The sign-in in a result of oidc-provider, or in the one before it. */
export const readSignedInHere = (result: object | undefined): SignedInHere | undefined =>
  inResult.safeParse(result).data?.signedInHere
