import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The headless shell is the same engine without a window's interface: it takes less than half the processor time. */
const names = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

/** Path of the browser: YIDENG_CHROMIUM, or the first Chromium or Chrome on PATH. Undefined if there is none. */
export function findChromium(environment = process.env): string | undefined {
  const chosen = environment['YIDENG_CHROMIUM']
  if (chosen) return existsSync(chosen) ? chosen : undefined
  const directories = (environment['PATH'] ?? '').split(delimiter).filter(Boolean)
  return names.flatMap((name) => directories.map((directory) => join(directory, name))).find((path) => existsSync(path))
}

/** @throws if this machine has no browser */
export function chromiumPath(): string {
  const path = findChromium()
  if (path === undefined) throw new Error('no Chromium: set YIDENG_CHROMIUM to its path')
  return path
}
