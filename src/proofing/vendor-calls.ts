import type { z } from 'zod'

/** The vendor is unreachable, slow, or sends an undocumented answer: a normal outcome. */
export class VendorFailed extends Error {}

/** Whether a vendor's code says that it refuses the account or its key: an operator has to act. */
export const refusesAccount = (code: string): boolean =>
  /AccessKey|Signature|AuthFailure|Unauthori[sz]ed|Forbidden|NoPermission|PERMISSION_DENY|OUT_OF_SERVICE|AMOUNT_NOT/i.test(
    code,
  )

/** A fetch through the outbound guard (guards/outbound.ts): fixed time, limited size, no redirect. */
export type VendorFetch = (
  url: string,
  init: { method: 'POST'; headers: Record<string, string>; body: string },
) => Promise<Response>

/** Posts, and reads the whole answer. @throws VendorFailed */
export async function postTo(
  fetch: VendorFetch,
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<{ ok: boolean; text: string }> {
  try {
    const response = await fetch(url, { method: 'POST', headers, body })
    return { ok: response.ok, text: await response.text() }
  } catch (cause) {
    throw new VendorFailed('no answer', { cause })
  }
}

/** @throws VendorFailed */
export function read<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new VendorFailed('not as documented', { cause })
  }
}
