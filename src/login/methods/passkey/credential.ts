import { z } from 'zod'

export const base64url = (most: number) =>
  z
    .string()
    .regex(/^[\w-]+$/)
    .max(most)

/** A credential as browsers write it in JSON (WebAuthn Level 3, 5.1.8), as far as it is read. */
export const credential = <R extends z.ZodType>(response: R) =>
  z.object({ id: base64url(1400), rawId: base64url(1400), type: z.literal('public-key'), response })

/** @returns undefined for a text that is no JSON, or another JSON */
export function readCredential<S extends z.ZodType>(schema: S, text: string): z.infer<S> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
