import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { keyFile } from './key-file.ts'

const schema = z.object({ keys: z.array(z.string().min(32)).min(1) })

/** Keys that sign cookies, newest first; made at first start in `cookies.json`. */
export function openCookieKeys(directory: string): string[] {
  return schema.parse(keyFile(directory, 'cookies.json', () => ({ keys: [randomBytes(32).toString('base64url')] })))
    .keys
}
