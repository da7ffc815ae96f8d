import {
  chmodSync,
  closeSync,
  existsSync,
  fchownSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { toDisk } from '../storage/to-disk.ts'

const explanation = `# Yideng's keys

This directory was made at the first start. Keep it secret: whoever has it can read the accounts and sign in as anyone.

| File | What it is for | If it is lost |
|---|---|---|
| data.json | encrypts names, ID numbers and phone numbers in the store, and finds accounts by them | **The accounts cannot be read again by anybody. There is no way back.** |
| signing.json | signs ID tokens and access tokens | new keys are made; portals notice within minutes, people sign in again |
| cookies.json | signs forms and QR codes | new keys are made; forms that are open have to be loaded again |

**Back up data.json now**, apart from the store's own backups (whoever has both can read everything), and again
whenever a data key or an index key is added. To restore, put the files back with mode 0600 before the server starts: it refuses to
start with data keys that do not belong to its store.
`

/**
 * Reads a JSON key file, or makes it with `make` at first start: mode 0600, complete or not there at all, and when two
 * processes start at once both end with the same one.
 */
export function keyFile<T>(directory: string, name: string, make: () => T): T {
  const file = join(directory, name)
  if (!existsSync(file)) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const readme = join(directory, 'README.md')
    if (!existsSync(readme)) writeFileSync(readme, explanation)
    const draft = join(directory, `.${name}.${randomUUID()}`)
    writeFileSync(draft, `${JSON.stringify(make(), null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true })
    try {
      linkSync(draft, file)
      chmodSync(file, 0o600)
    } catch (error) {
      if (!existsSync(file)) throw error
    } finally {
      rmSync(draft)
    }
  }
  return JSON.parse(readFileSync(file, 'utf8')) as T
}

/**
 * Changes a key file, whole or not at all; one process at a time.
 * @throws Error when another one is at it
 */
export function changeKeyFile(directory: string, name: string, change: (before: unknown) => object): void {
  changeKeyText(directory, name, (before) => `${JSON.stringify(change(JSON.parse(before)), null, 2)}\n`)
}

/** The same for what is taken as it stands. */
export function changeKeyText(directory: string, name: string, change: (before: string) => string): void {
  const file = join(directory, name)
  // the name of the draft is the lock: one left behind by a crash is told, not overwritten
  const draft = join(directory, `.${name}.next`)
  let handle: number
  try {
    handle = openSync(draft, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new Error(`${file} is being changed by another process; if none is at it, remove ${draft}.`, { cause: error })
  }
  try {
    writeSync(handle, change(readFileSync(file, 'utf8')))
    // root changes the file for the user the server runs as
    const { uid, gid } = statSync(file)
    if (process.getuid?.() === 0) fchownSync(handle, uid, gid)
    fsyncSync(handle)
    renameSync(draft, file)
    toDisk(directory) // else an older file may come back, and what a new key seals is lost with it
  } finally {
    closeSync(handle)
    rmSync(draft, { force: true })
  }
}
