import { spawn } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

/** A shell and coreutils, and what unpacks an archive: all that a bare machine has. */
const tools =
  'sh basename cat chmod chown cp dirname env id ln mkdir mv pwd readlink rm sha256sum sleep tar gzip kill'.split(' ')

/** A PATH with these programs and no others: neither Node.js nor npm. */
function toolbox(directory: string): string {
  mkdirSync(directory, { recursive: true })
  for (const tool of tools) {
    symlinkSync(join('/usr/bin', tool), join(directory, tool))
  }
  return directory
}

export interface Ended {
  code: number | null
  out: string
  err: string
}

/** Runs shell scripts in a namespace that has a loopback device and no other network. */
export function bareMachine(directory: string) {
  const path = toolbox(join(directory, 'tools'))
  return (script: string, environment: Record<string, string> = {}): Promise<Ended> => {
    const inside = 'PATH=/usr/sbin:/sbin:/usr/bin:/bin ip link set lo up && exec sh -euc "$SCRIPT"'
    const child = spawn('/usr/bin/unshare', ['--map-root-user', '--net', '/bin/sh', '-c', inside], {
      env: { PATH: path, SCRIPT: script, ...environment },
    })
    const ended = { out: '', err: '' }
    child.stdout.on('data', (chunk: Buffer) => (ended.out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (ended.err += chunk.toString()))
    return new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code) => resolve({ code, ...ended }))
    })
  }
}
