import { z } from 'zod'
import { readAtMost } from '../../../pages/bodies.ts'
import { ended, type FaceResult } from '../verifier.ts'

const mostBytes = 256 * 1024

/** A vendor that cannot be reached, is slow, or answers something else than documented: an ordinary outcome. */
export class VendorFailed extends Error {}

/** Where a browser is sent: a page, never a script. */
export const page = z.url({ protocol: /^https?$/ })

/** `mostMs` is waited for the whole answer, of which no more than `mostBytes` is read. @throws VendorFailed */
export async function post(
  url: string,
  headers: Record<string, string>,
  body: string,
  mostMs: number,
): Promise<{ text: string; headers: Headers }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(mostMs),
    })
    // counted as it comes, after decompression: a vendor that never ends fills no memory of ours
    const bytes = response.body ? await readAtMost(response.body, mostBytes) : Buffer.alloc(0)
    if (!bytes) throw new Error('too long')
    // vendors say in the document what was wrong, whatever the status
    return { text: bytes.toString(), headers: response.headers }
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

/** The outcome of a vendor that failed. Anything else is a fault of ours and goes on. */
export function unavailable(error: unknown): FaceResult {
  if (error instanceof VendorFailed) return ended('unavailable', 'vendor')
  throw error
}
