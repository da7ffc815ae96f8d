import { z } from 'zod'
import { readAtMost } from '../../../pages/bodies.ts'
import { ended, type FaceResult } from '../face-verifier.ts'

const mostBytes = 256 * 1024

/** The vendor is unreachable, slow, or sends an undocumented answer: a normal outcome. */
export class VendorFailed extends Error {}

/** Address for the browser: a web page, never a script. */
export const page = z.url({ protocol: /^https?$/ })

/** Waits `mostMs` for the whole answer and reads at most `mostBytes`. @throws VendorFailed */
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
    // counted after decompression: an endless answer must not fill the memory
    const bytes = response.body ? await readAtMost(response.body, mostBytes) : Buffer.alloc(0)
    if (!bytes) throw new Error('too long')
    // vendors report errors in the document, with any status
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

/** The result for a vendor that failed. Rethrows all other errors: they are ours. */
export function unavailable(error: unknown): FaceResult {
  if (error instanceof VendorFailed) return ended('unavailable', 'vendor')
  throw error
}
