import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Middleware } from 'koa'
import { fileSentence, readText } from '../config/machine-errors.ts'
import { SettingsError } from '../config/settings.ts'

const nameForm = /^[A-Za-z0-9_-]{1,100}\.txt$/
/** The vendors' files have 32 characters or a little more. */
const mostBytes = 1024
/** Below these paths: a business domain asks at the root, the rule for our QR codes at its own path. */
const places = ['/', '/q/'] as const

/**
 * The check files of WeChat and Alipay, by path: the vendor looks for them before it takes this domain for a web view, a callback or a
 * QR code. They are read at the start, so a request opens no file. Other names of the folder are left alone.
 * @param folder empty where there is none
 * @throws SettingsError for a folder or a file that cannot be used
 */
export function readCheckFiles(folder: string): ReadonlyMap<string, string> {
  if (!folder) return new Map()
  try {
    const files = readdirSync(folder)
      .filter((name) => nameForm.test(name))
      .map((name) => [name, readText(join(folder, name))] as const)
    const large = files.find(([, content]) => content.length > mostBytes)
    if (large) throw new SettingsError(`${large[0]} is larger than ${mostBytes} bytes.`)
    return new Map(files.flatMap(([name, content]) => places.map((place) => [place + name, content] as const)))
  } catch (cause) {
    const why = cause instanceof SettingsError ? cause.message : fileSentence(cause)
    if (why === undefined) throw cause
    throw new SettingsError(`The setting YIDENG_CHECK_FILES cannot be used: ${why}`, { cause })
  }
}

/** Sends the check files as plain text. */
export function checkFiles(files: ReadonlyMap<string, string>): Middleware {
  return (ctx, next) => {
    const content = ctx.method === 'GET' || ctx.method === 'HEAD' ? files.get(ctx.path) : undefined
    if (content === undefined) return next()
    ctx.type = 'text/plain; charset=utf-8'
    ctx.body = content
    return undefined
  }
}
