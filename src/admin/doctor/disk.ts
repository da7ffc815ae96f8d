import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import type { Settings } from '../../config/settings.ts'
import type { Finding } from './finding.ts'

const megabyte = 1_000_000
const little = 500
const hardlyAny = 50
const fewFiles = 1000
/** SQLite's locks do not hold there (sqlite.org/howtocorrupt.html 2.1): NFS, SMB, CIFS, SMB2, 9p by their magic numbers. */
const overTheNetwork = new Set([0x69_69, 0x51_7b, 0xff_53_4d_42, 0xfe_53_4d_42, 0x01_02_19_97])

const real = { statfs: (path: string) => statfsSync(path), access: accessSync }

/** Whether what has to be written on this machine can be. */
export function disk({ dataDir, databaseUrl }: Settings, { statfs, access } = real): Finding[] {
  if (!existsSync(dataDir)) return []
  const what = 'disk'
  try {
    access(dataDir, constants.W_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const todo =
      code === 'EROFS'
        ? 'the kernel makes it read-only after an error of the disk: dmesg says which; mend it, then mount it anew for writing'
        : `give it to the user Yideng runs as: chown -R USER ${dataDir}`
    return [{ state: 'fail', what, finding: `${dataDir} cannot be written (${code})`, todo }]
  }
  const { bavail, bsize, files, ffree, type } = statfs(dataDir)
  if (!databaseUrl && overTheNetwork.has(type)) {
    const finding = `${dataDir} lies on a network file system, where two machines can damage the store`
    const todo =
      'move it to a disk of this machine (YIDENG_DATA_DIR), or use PostgreSQL (npx yideng migrate --from … --to …)'
    return [{ state: 'fail', what, finding, todo }]
  }
  const free = Math.floor((bavail * bsize) / megabyte)
  const finding = `${free} MB are free for ${dataDir}`
  const noNames = files > 0 && ffree < fewFiles
  if (free >= little && !noNames) return [{ state: 'ok', what, finding }]
  const todo =
    `once it is full nobody can sign in: make it larger, or remove what is not Yideng's (du -xh / | sort -h | tail); ` +
    'past months of the audit trail leave by npx yideng audit archive --to DIRECTORY on another disk'
  if (noNames) return [{ state: 'fail', what, finding: `there is room for ${ffree} more files at ${dataDir}`, todo }]
  return [{ state: free < hardlyAny ? 'fail' : 'warn', what, finding, todo }]
}
