import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { declared } from '../login-methods.ts'

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** A file as it is sent. Its path contains a hash of its content, so browsers may cache it for ever. */
export interface Asset {
  readonly type: string
  readonly body: Buffer
}

export interface Assets {
  /** Path by file name, for the views: `urls['yideng.css']` is `/assets/<hash>-yideng.css`. */
  readonly urls: Readonly<Record<string, string>>
  /** The asset at exactly this path, if any. */
  assetFor(path: string): Asset | undefined
}

/** Reads the style sheets, scripts and pictures of `browserDir` once. */
export function loadAssets(browserDir = fileURLToPath(new URL('../../browser', import.meta.url))): Assets {
  const urls: Record<string, string> = {}
  const byPath = new Map<string, Asset>()
  const own = readdirSync(browserDir).map((name) => [name, join(browserDir, name)] as const)
  const packaged = Object.entries<string>(declared('browserFiles')).map(
    ([name, module]) => [name, fileURLToPath(module)] as const,
  )
  for (const [name, file] of [...own, ...packaged]) {
    const type = types[extname(name)]
    if (type === undefined) continue
    const body = readFileSync(file)
    const url = `/assets/${createHash('sha256').update(body).digest('hex').slice(0, 16)}-${name}`
    urls[name] = url
    byPath.set(url, { type, body })
  }
  return { urls, assetFor: (path) => byPath.get(path) }
}
