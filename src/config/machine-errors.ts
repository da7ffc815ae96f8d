import { readFileSync, writeFileSync } from 'node:fs'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import { SettingsError } from './setting-types.ts'

/** A file whose content or rights make it useless. The message is one sentence. */
export class UnusableFile extends SettingsError {
  readonly path: string

  constructor(path: string, why: string, cause?: unknown) {
    super(`${path} ${why}.`, { cause })
    this.name = 'UnusableFile'
    this.path = path
  }
}

/** What the system says about a file, by error code (errno(3)). */
const aboutFiles: Readonly<Record<string, string>> = {
  EACCES: 'may not be used by the user of this process',
  EPERM: 'may not be changed by the user of this process',
  EROFS: 'is on a file system that is read-only',
  ENOENT: 'does not exist',
  ENOTDIR: 'is a file, or is below a file, where a directory must be',
  EEXIST: 'exists, but is of another kind than needed',
  EISDIR: 'is a directory, but must be a file',
  ELOOP: 'is a symbolic link that leads to itself',
  ENAMETOOLONG: 'has too long a name',
  ENOSPC: 'cannot grow: the disk is full',
  EDQUOT: 'cannot grow: the quota of this user is used up',
  EMFILE: 'cannot be opened: the process has too many open files',
  EIO: 'cannot be read or written: the disk reports a fault',
}

/** The fault of a file by the error of a write, which names no path; undefined for any other error. */
export const writeFault = (error: unknown): string | undefined =>
  aboutFiles[(error as NodeJS.ErrnoException).code ?? '']

/** The file of a system error and what is wrong with it; undefined for any other error. */
function aboutFile(error: unknown): { path: string; why: string } | undefined {
  if (error instanceof UnusableFile) return { path: error.path, why: error.message.slice(error.path.length + 1, -1) }
  if (!(error instanceof Error)) return undefined
  const { code = '', path } = error as NodeJS.ErrnoException
  const why = aboutFiles[code]
  if (why !== undefined && typeof path === 'string') return { path, why }
  return aboutFile(error.cause)
}

/** One sentence about the file that an error of the system names; undefined for any other error. */
export function fileSentence(error: unknown): string | undefined {
  const about = aboutFile(error)
  return about && `${about.path} ${about.why}.`
}

/** Whether one path is the other, or is inside it, or around it. */
const related = (one: string, other: string) =>
  one === other || one.startsWith(other + sep) || other.startsWith(one.endsWith(sep) ? one : one + sep)

/** An error about a file under a setting becomes a SettingsError that names both. Any other error stays. */
export function namingSetting(
  error: unknown,
  { dataDir, keysDir, databaseUrl }: { dataDir: string; keysDir: string; databaseUrl: string },
): unknown {
  const about = aboutFile(error)
  if (!about) return error
  const { path, why } = about
  const refused = (setting: string) =>
    new SettingsError(`The setting ${setting} cannot be used: ${path} ${why}.`, { cause: error })
  // the certificate of a database is named in its address, which may have a password
  if (databaseUrl.includes(path)) return refused('YIDENG_DATABASE_URL')
  // the longest one: a keys directory may be inside the data directory
  const [directory] = [
    { name: 'YIDENG_DATA_DIR', value: dataDir },
    { name: 'YIDENG_KEYS_DIR', value: keysDir },
  ]
    .filter(({ value }) => related(path, value))
    .toSorted((one, other) => other.value.length - one.value.length)
  return directory ? refused(`${directory.name}=${JSON.stringify(directory.value)}`) : error
}

/**
 * Parses the text of a JSON file.
 * @throws UnusableFile in one sentence, without the text, which may be a key
 */
function parseJson<T>(path: string, text: string, schema: z.ZodType<T>): T {
  let content: unknown
  try {
    content = JSON.parse(text.replace(/^\u{feff}/u, ''))
  } catch {
    throw new UnusableFile(path, `is not JSON: ${text.trim() === '' ? 'it is empty' : 'it is damaged'}`)
  }
  const parsed = schema.safeParse(content)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UnusableFile(path, `is wrong at "${issue?.path.map(String).join(' → ') ?? ''}": ${issue?.message ?? ''}`)
}

/**
 * Reads a text file of the program or of the configuration, in UTF-8.
 * @throws UnusableFile
 */
export function readText(file: string | URL): string {
  const path = typeof file === 'string' ? file : fileURLToPath(file)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch (error) {
    if (error instanceof TypeError) throw new UnusableFile(path, 'is not UTF-8: it is damaged', error)
    // a read names no path, but an open does
    const why = aboutFile(error)?.why ?? aboutFiles[(error as NodeJS.ErrnoException).code ?? '']
    throw why === undefined ? error : new UnusableFile(path, why, error)
  }
}

/**
 * Writes a text to a file that exists.
 * @throws UnusableFile, also where the disk is full: a write names no path
 */
export function writeText(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flush: true })
  } catch (error) {
    const why = writeFault(error)
    throw why === undefined ? error : new UnusableFile(path, why, error)
  }
}

/**
 * Reads a JSON file of the configuration.
 * @throws UnusableFile
 */
export function readJson<T>(file: string | URL, schema: z.ZodType<T>): T {
  const path = typeof file === 'string' ? file : fileURLToPath(file)
  return parseJson(path, readText(path), schema)
}

/** What the system says about an address to listen on, by error code. */
const aboutAddresses: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'The setting HOST=$HOST cannot be used: no network card of this machine has this address.',
  ENOTFOUND: 'The setting HOST=$HOST cannot be used: no address belongs to this name.',
  EAI_AGAIN: 'The setting HOST=$HOST cannot be used: the name service does not answer.',
  EAFNOSUPPORT: 'The setting HOST=$HOST cannot be used: this machine has no such kind of address.',
  EINVAL: 'The setting HOST=$HOST cannot be used: it is no address to listen on.',
  EADDRINUSE:
    'The setting PORT=$PORT cannot be used: the port is taken by another program; choose another, as PORT=3001.',
  EACCES: 'The setting PORT=$PORT cannot be used: this user may not listen on it; choose a port from 1024 on.',
}

/** An error of listening becomes a SettingsError that names HOST or PORT. Any other error stays. */
export function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const sentence =
    aboutAddresses[error.code ?? ''] ?? `The settings HOST=$HOST and PORT=$PORT cannot be used: ${error.message}.`
  const filled = sentence.replace('$HOST', () => JSON.stringify(host)).replace('$PORT', String(port))
  return new SettingsError(filled, { cause: error })
}
