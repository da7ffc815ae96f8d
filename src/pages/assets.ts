import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { declared } from '../login-methods.ts'
import { minifyCss, minifyJs } from './minify.ts'

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
}

/** Codings that a body may have beside none, the best first (RFC 9110, 8.4.1). */
export type Coding = 'br' | 'gzip'

/** A file as it is sent. Its path contains a hash of its content, so browsers may cache it for ever. */
export interface Asset {
  readonly type: string
  readonly body: Buffer
  /** Strong validator of the uncoded body; a coded one adds the name of its coding. */
  readonly tag: string
  /** The body in a coding, made once when it is first asked for; undefined where the coding makes it no smaller. */
  coded(coding: Coding): Promise<Buffer | undefined>
}

export interface Assets {
  /** Path by file name, for the views: `urls['yideng.css']` is `/assets/<hash>-yideng.css`. */
  readonly urls: Readonly<Record<string, string>>
  /** The asset at exactly this path, if any. */
  assetFor(path: string): Asset | undefined
}

type NamedBody = readonly [name: string, body: Buffer]

const here = fileURLToPath(new URL('../../browser', import.meta.url))

/** Reads the style sheets, scripts and pictures of `browserDir` once, and makes them small. */
export function loadAssets(browserDir = here): Assets {
  const urls: Record<string, string> = {}
  const byPath = new Map<string, Asset>()
  const add = ([name, body]: NamedBody) => {
    const tag = createHash('sha256').update(body).digest('hex').slice(0, 16)
    const url = `/assets/${tag}-${name}`
    urls[name] = url
    byPath.set(url, { type: types[extname(name)] ?? '', body, tag, coded: codedBody(name, body) })
  }
  for (const file of [...ownFiles(browserDir), ...packagedFiles(), styleSheet(join(browserDir, 'css'))]) add(file)
  add(manifest(urls))
  return { urls, assetFor: (path) => byPath.get(path) }
}

function ownFiles(folder: string): NamedBody[] {
  return readdirSync(folder)
    .filter((name) => types[extname(name)] !== undefined)
    .map((name) => {
      const body = readFileSync(join(folder, name))
      return [name, name.endsWith('.js') ? Buffer.from(minifyJs(body.toString())) : body]
    })
}

const packagedFiles = (): NamedBody[] =>
  Object.entries<string>(declared('browserFiles')).map(([name, module]) => {
    const text = readFileSync(fileURLToPath(module), 'utf8')
    return [name, Buffer.from(minifyJs(text))]
  })

/** All style sheets of a folder as one, in the order of their names. */
function styleSheet(folder: string): NamedBody {
  const names = readdirSync(folder).toSorted()
  const css = names.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n')
  return ['yideng.css', Buffer.from(minifyCss(css))]
}

/** W3C Web Application Manifest: what a phone shows that keeps the page among its apps. */
function manifest(urls: Readonly<Record<string, string>>): NamedBody {
  const icons = [
    { src: urls['mark.svg'], sizes: 'any', type: types['.svg'] },
    { src: urls['mark-192.png'], sizes: '192x192', type: types['.png'] },
  ]
  const text = {
    name: '一登',
    short_name: '一登',
    start_url: '/',
    display: 'browser',
    background_color: '#f7f4ed',
    icons,
  }
  return ['yideng.webmanifest', Buffer.from(JSON.stringify(text))]
}

const coders: Record<Coding, (body: Buffer) => Promise<Buffer>> = {
  br: (body) => promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: body.length } }),
  gzip: (body) => promisify(gzip)(body, { level: 9 }),
}

/** Outside the main thread, and not at the start: all files take 0.3 s. */
function codedBody(name: string, body: Buffer): Asset['coded'] {
  const made: Partial<Record<Coding, Promise<Buffer | undefined>>> = {}
  // a picture is compressed already
  if (name.endsWith('.png')) return async () => undefined
  const code = async (coding: Coding) => {
    const bytes = await coders[coding](body)
    return bytes.length < body.length ? bytes : undefined
  }
  return (coding) => (made[coding] ??= code(coding))
}
