import { existsSync } from 'node:fs'

/** Parts of the suite that need more than Node.js; with CI=true each must be there. */
export const parts = {
  browser: {
    there: existsSync('/usr/bin/chromium'),
    needs: 'Chromium at /usr/bin/chromium (Debian: apt-get install chromium)',
  },
} as const

export type Part = keyof typeof parts

/** For `describe.skipIf(cannotRun('browser'))`: without CI a missing part is skipped and named at the end. */
export function cannotRun(part: Part): boolean {
  if (parts[part].there) return false
  if (process.env['CI'] === 'true')
    throw new Error(`CI=true, but the ${part} tests cannot run: they need ${parts[part].needs}`)
  return true
}
