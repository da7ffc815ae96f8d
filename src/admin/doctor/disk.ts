import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import type { Settings } from '../../config/settings.ts'
import type { Finding } from './finding.ts'

const megabyte = 1_000_000
const warnBelowMb = 500
const failBelowMb = 50
const minFreeFiles = 1000
/** NFS, SMB, CIFS, SMB2 and 9p, by magic number: SQLite's locks are not safe there (sqlite.org/howtocorrupt.html 2.1). */
const networkFileSystems = new Set([0x69_69, 0x51_7b, 0xff_53_4d_42, 0xfe_53_4d_42, 0x01_02_19_97])

const real = { statfs: (path: string) => statfsSync(path), access: accessSync }

/** Checks that the data directory is writable, local, and has free space. */
export function disk({ dataDir, databaseUrl }: Settings, { statfs, access } = real): Finding[] {
  if (!existsSync(dataDir)) return []
  const what = 'disk'
  try {
    access(dataDir, constants.W_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const todo =
      code === 'EROFS'
        ? 'the kernel makes it read-only after a disk error (see dmesg): repair the disk, then mount it again for writing'
        : `make the user of Yideng its owner: chown -R USER ${dataDir}`
    return [{ state: 'fail', what, finding: `${dataDir} cannot be written (${code})`, todo }]
  }
  const { bavail, bsize, files, ffree, type } = statfs(dataDir)
  if (!databaseUrl && networkFileSystems.has(type)) {
    const finding = `${dataDir} is on a network file system, where two machines can damage the store`
    const todo =
      'move it to a disk of this machine (YIDENG_DATA_DIR), or use PostgreSQL (npx yideng migrate --from … --to …)'
    return [{ state: 'fail', what, finding, todo }]
  }
  const free = Math.floor((bavail * bsize) / megabyte)
  const finding = `${free} MB are free for ${dataDir}`
  const fewFiles = files > 0 && ffree < minFreeFiles
  if (free >= warnBelowMb && !fewFiles) return [{ state: 'ok', what, finding }]
  const todo =
    `a full disk stops all sign-ins: make it larger, or remove what is not Yideng's (du -xh / | sort -h | tail); ` +
    'move past months of the audit log to another disk: npx yideng audit archive --to DIRECTORY'
  if (fewFiles) return [{ state: 'fail', what, finding: `only ${ffree} more files are possible at ${dataDir}`, todo }]
  return [{ state: free < failBelowMb ? 'fail' : 'warn', what, finding, todo }]
}
