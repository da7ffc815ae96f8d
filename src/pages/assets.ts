import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** A file as it is sent; its address changes with its content, so it may be cached for ever. */
export interface Asset {
  readonly type: string
  readonly body: Buffer
}

export interface Assets {
  /** Address by file name, as the views use it: `urls['yideng.css']` → `/assets/<hash>-yideng.css`. */
  readonly urls: Readonly<Record<string, string>>
  /** The asset at exactly this request path, if there is one. */
  assetFor(path: string): Asset | undefined
}

/** Libraries browsers get as they were published: modules without imports of their own, and a script. */
const libraries: Record<string, string> = {
  'qr-encoder.js': import.meta.resolve('qr'),
  'webauthn.js': new URL('../dist/bundle/index.es5.umd.min.js', import.meta.resolve('@simplewebauthn/browser')).href,
}

/** Reads the style sheets, scripts and pictures of `browserDir` once. */
export function loadAssets(browserDir = fileURLToPath(new URL('../../browser', import.meta.url))): Assets {
  const urls: Record<string, string> = {}
  const byPath = new Map<string, Asset>()
  const own = readdirSync(browserDir).map((name) => [name, join(browserDir, name)] as const)
  const packaged = Object.entries(libraries).map(([name, module]) => [name, fileURLToPath(module)] as const)
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
