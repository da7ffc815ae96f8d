import { describe, expect, it } from 'vitest'
import { disk } from '../../../src/admin/doctor/disk.ts'
import { readSettings } from '../../../src/config/settings.ts'

describe('the disk', () => {
  const settings = readSettings({ YIDENG_DATA_DIR: '/tmp' })
  const much = { bavail: 1e6, bsize: 4096, files: 1e6, ffree: 1e6, type: 0xef53 }
  const look = (change: object, access = () => undefined as void) =>
    disk(settings, { statfs: () => ({ ...much, ...change }) as never, access })

  it.each([
    ['well', {}, 'ok', '4096 MB are free for /tmp'],
    ['nearly full', { bavail: 1e5 }, 'warn', '409 MB are free for /tmp'],
    ['full', { bavail: 1e3 }, 'fail', '4 MB are free for /tmp'],
    ['full of small files', { ffree: 3 }, 'fail', 'only 3 more files are possible at /tmp'],
    ['without such a count (btrfs)', { files: 0, ffree: 0 }, 'ok', '4096 MB are free for /tmp'],
    [
      'over the network',
      { type: 0x6969 },
      'fail',
      '/tmp is on a network file system, where two machines can damage the store',
    ],
  ])('%s', (_what, change, state, finding) => {
    expect(look(change)).toMatchObject([
      { state, what: 'disk', finding, ...(state === 'ok' ? {} : { todo: expect.any(String) }) },
    ])
  })

  it.each([
    ['EROFS', 'dmesg'],
    ['EACCES', 'chown'],
  ])('that cannot be written: %s', (code, todo) => {
    const refused = () => {
      throw Object.assign(new Error(code), { code })
    }
    expect(look({}, refused)).toMatchObject([
      { state: 'fail', finding: `/tmp cannot be written (${code})`, todo: expect.stringContaining(todo) },
    ])
  })
})
