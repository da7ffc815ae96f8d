import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readEnvironmentFile } from '../../src/config/environment-file.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

function read(text: string) {
  const file = join(temporaryDirectory(), 'environment')
  writeFileSync(file, text)
  return { file, read: () => readEnvironmentFile(file) }
}

describe('the file of settings is read as systemd reads it', () => {
  const lines: [string, string][] = [
    ['A=b', 'b'],
    ['export A=b', 'b'],
    ['  A = b  ', 'b'],
    ['A=', ''],
    ['A="b c"', 'b c'],
    ['A=\'b "c"\'', 'b "c"'],
    ['A="b \\"c\\" \\\\"', 'b "c" \\'],
    // a dotenv reader would cut the password here
    ['A=postgres://u:p#w@h/d?x=y', 'postgres://u:p#w@h/d?x=y'],
    ['A=b # c', 'b # c'],
  ]
  it.each(lines)('%s', (line, value) => {
    expect(read(`# comment\n; comment\n\n${line}\n`).read()).toEqual({ A: value })
  })

  it.each(['word', '1A=b', 'A="b', "A='b' c", 'A=b\\', '=b'])(
    '%s is refused by its number, without its text',
    (line) => {
      const { file, read: again } = read(`OK=1\n${line}\n`)
      expect(again).toThrow(`Line 2 of ${file} is not NAME=VALUE.`)
    },
  )
})

describe('a file that cannot be read is refused', () => {
  it('none', () => {
    const file = join(temporaryDirectory(), 'none')
    expect(() => readEnvironmentFile(file)).toThrow(`The file of settings ${file} does not exist.`)
  })

  it('a folder', () => {
    expect(() => readEnvironmentFile(temporaryDirectory())).toThrow('(EISDIR)')
  })

  // root may read everything
  it.skipIf(process.getuid?.() === 0)('a file of another user', () => {
    const { file, read: again } = read('A=b')
    chmodSync(file, 0)
    expect(again).toThrow(`This user may not read the settings in ${file}`)
  })
})
