import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

const prefix = 'yideng-import-'
const ownerFile = 'owner.json'
const owner = z.object({ host: z.string(), pid: z.int().positive() })

/**
 * Makes a private directory for one import, and removes those of imports that were killed: only this user's, of this machine, whose
 * process is gone.
 */
export function makeOwnDirectory(): string {
  sweep()
  const directory = mkdtempSync(join(tmpdir(), prefix))
  writeFileSync(join(directory, ownerFile), JSON.stringify({ host: hostname(), pid: process.pid }))
  return directory
}

function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const directory = join(tmpdir(), name)
    if (name.startsWith(prefix) && isLeft(directory)) rmSync(directory, { recursive: true, force: true })
  }
}

/** Another import may remove the same one, and a directory of another program may have the name. */
function isLeft(directory: string): boolean {
  try {
    if (statSync(directory).uid !== process.getuid?.()) return false
    const { host, pid } = owner.parse(JSON.parse(readFileSync(join(directory, ownerFile), 'utf8')))
    return host === hostname() && !isRunning(pid)
  } catch {
    return false
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // a process of another user
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
