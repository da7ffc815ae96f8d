import { z } from 'zod'
import { readAtMost } from '../../../pages/bodies.ts'
import { VendorFailed } from '../../vendor-calls.ts'
import { ended, type FaceResult } from '../face-verifier.ts'

const mostBytes = 256 * 1024

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

/** The result for a vendor that failed. Rethrows all other errors: they are ours. */
export function unavailable(error: unknown): FaceResult {
  if (error instanceof VendorFailed) return ended('unavailable', 'vendor')
  throw error
}
