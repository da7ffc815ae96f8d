import { describe, expect, it } from 'vitest'
import { nameOf } from '../../src/admin/command.ts'
import { allCommands } from '../../src/admin/commands.ts'
import { sessionCommands } from '../../src/cli/remote/session-commands.ts'
import { widthOf } from '../../src/cli/width.ts'
import { commandLine } from './in-process.ts'

const commands = [...(await allCommands()), ...sessionCommands]
const names = ['', ...new Set(commands.map(({ noun }) => noun)), ...commands.map(nameOf)]
const asked = [...new Set(names)].map((name) => [...name.split(' ').filter(Boolean), '--help'])

const help = async (locale: string, argv: string[]) => {
  const { yideng } = commandLine({ empty: true, environment: { COLUMNS: '80', LC_ALL: locale } })
  const { code, out } = await yideng(...argv)
  expect(code).toBe(0)
  return out
}
const chineseIn = (text: string) => text.match(/\p{Script=Han}/gu)?.length ?? 0

describe.each([
  ['in English', 'C'],
  ['in Chinese', 'zh_CN.UTF-8'],
])('the help %s', (_language, locale) => {
  it('of every command fits 80 columns', async () => {
    expect(asked.length).toBeGreaterThan(60)
    for (const argv of asked) {
      const wide = (await help(locale, argv)).split('\n').filter((line) => widthOf(line) > 80)
      expect(wide, argv.join(' ')).toEqual([])
    }
  })
})

describe('the help', () => {
  it('is in one language: English has Chinese in its examples only', async () => {
    for (const argv of asked) expect(chineseIn(await help('C', argv)), argv.join(' ')).toBeLessThanOrEqual(40)
  })

  it('leaves no text of English prose in Chinese', async () => {
    for (const argv of asked) {
      const text = await help('zh_CN.UTF-8', argv)
      const [before = ''] = text.split('\n示例\n')
      // without the names of flags and commands
      const meanings = before.split('\n').map((line) => line.replace(/^ *(?:[\w<>[\]|-]+ )+ /, ''))
      const english = meanings.filter(
        (line) => !line.includes('npx yideng') && /(?:\b[a-z]{3,} ){2}/.test(line) && chineseIn(line) === 0,
      )
      expect(english, argv.join(' ')).toEqual([])
    }
    expect(chineseIn(await help('zh_CN.UTF-8', ['--help']))).toBeGreaterThan(100)
  })
})
