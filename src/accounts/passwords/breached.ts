import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { SettingsError, type Settings } from '../../config/settings.ts'

/** A list of stolen passwords: attackers try them everywhere. */
export interface BreachedPasswords {
  /** @param password prepared (prepare.ts). @throws Error when the file can no longer be read */
  has(password: string): Promise<boolean>
  close(): Promise<void>
}

/** Longer than any line: 40 digits, a colon, a count, CR and LF. */
const longestLine = 64
const hashLength = 40

/**
 * Opens a sorted file of SHA-1 hashes, one a line, with or without `:<count>`: the format of Have I Been Pwned's "Pwned Passwords,
 * ordered by hash". It is searched on disk: some thirty reads for a thousand million lines, no memory and no network. Without a
 * file the list is empty.
 * @throws Error when a sample of 200 positions is not in this format
 */
export async function openBreachedPasswords(file: string): Promise<BreachedPasswords> {
  if (file === '') return { has: async () => false, close: async () => undefined }
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    await assertOrdered(handle, size)
    return {
      has: (password) => find(handle, size, createHash('sha1').update(password).digest('hex').toUpperCase()),
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** @throws SettingsError when the file cannot be used */
export async function openBreachedPasswordsOf({
  breachedPasswordsFile: file,
}: Pick<Settings, 'breachedPasswordsFile'>): Promise<BreachedPasswords> {
  try {
    return await openBreachedPasswords(file)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new SettingsError(`The setting YIDENG_BREACHED_PASSWORDS=${JSON.stringify(file)} cannot be used: ${why}.`)
  }
}

interface Line {
  begins: number
  /** Position of the next line. */
  ends: number
  hash: string
}

/** The line at a position of the file. @throws Error when that is no hash */
async function lineAt(handle: FileHandle, size: number, place: number): Promise<Line> {
  const from = Math.max(0, place - longestLine)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(2 * longestLine), 0, 2 * longestLine, from)
  const text = buffer.toString('latin1', 0, bytesRead)
  const begins = place === from ? 0 : text.lastIndexOf('\n', place - from - 1) + 1
  const end = text.indexOf('\n', begins)
  const hash = text.slice(begins, begins + hashLength).toUpperCase()
  const whole = end === -1 ? text.slice(begins) : text.slice(begins, end)
  if (!/^[\dA-F]{40}(:\d+)?\r?$/i.test(whole)) throw new Error(`there is no SHA-1 hash at byte ${from + begins}`)
  return { begins: from + begins, ends: end === -1 ? size : from + end + 1, hash }
}

async function find(handle: FileHandle, size: number, hash: string): Promise<boolean> {
  let low = 0
  let high = size
  while (low < high) {
    const line = await lineAt(handle, size, Math.floor((low + high) / 2))
    if (line.hash === hash) return true
    if (line.hash < hash) low = line.ends
    else high = line.begins
  }
  return false
}

const looks = 200

async function assertOrdered(handle: FileHandle, size: number): Promise<void> {
  if (size === 0) throw new Error('it is empty')
  let before = ''
  for (let look = 0; look <= looks; look += 1) {
    const { hash, begins } = await lineAt(handle, size, Math.floor(((size - 1) * look) / looks))
    if (hash < before) throw new Error(`its hashes are not in order at byte ${begins}`)
    before = hash
  }
}
