import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from './temporary.ts'

/** The row of a WeChat mini program, 粤省事. */
export const miniProgram = {
  id: 'yss',
  kind: 'wechat-mini',
  name: '粤省事',
  appid: 'wx1234',
  secretFile: 'secret',
  namespace: 'gd',
  subject: 'unionid',
  level: 2,
}

/** Writes a file for YIDENG_CHANNELS with its secret beside it, and returns its path. */
export function writeChannels(rows: readonly object[] = [miniProgram]): string {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'secret'), 'top-secret\n', { mode: 0o600 })
  const file = join(directory, 'channels.json')
  writeFileSync(file, JSON.stringify(rows))
  return file
}
