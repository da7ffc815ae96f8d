import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/**
 * Mounts a disk for this test. Needs root.
 * @param size as mount takes it, such as `48m`
 */
export function smallDisk(size: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', directory]).status === 0
  onTestFinished(() => {
    if (mounted) spawnSync('umount', ['-l', directory])
    rmSync(directory, { recursive: true, force: true })
  })
  if (!mounted) throw new Error('only root may mount a small disk: run this as root')
  return directory
}
