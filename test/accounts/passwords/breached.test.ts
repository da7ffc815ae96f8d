import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openBreachedPasswords } from '../../../src/accounts/passwords/breached.ts'
import { newPasswordProblem } from '../../../src/accounts/passwords/password-rules.ts'
import { commandLine, zhangSan } from '../../cli/in-process.ts'
import { temporaryDirectory } from '../../setup/temporary.ts'
import { fullWidth } from '../identifiers/hostile-texts.ts'

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase()
const word = (index: number) => `password-${index}`

function fileOf(lines: string[], end: string, last = end): string {
  const file = join(temporaryDirectory(), 'pwned.txt')
  writeFileSync(file, lines.join(end) + last)
  return file
}

async function opened(file: string) {
  const list = await openBreachedPasswords(file)
  onTestFinished(() => list.close())
  return list
}

/** As the downloader writes them: counts of one to eight digits, so lines have different lengths. */
const listOf = (many: number) =>
  Array.from({ length: many }, (_, index) => `${sha1(word(index))}:${7 ** (index % 10)}`).sort()

it.each([
  ['as it is published', 3000, '\r\n', ''],
  ['with line ends alone', 1000, '\n', '\n'],
  ['of one line', 1, '\n', ''],
  ['of two lines', 2, '\r\n', '\r\n'],
])('finds all passwords of a list %s, and no other', async (_how, many, end, last) => {
  const list = await opened(fileOf(listOf(many), end, last))
  for (let index = 0; index < many; index += 1) expect(await list.has(word(index)), word(index)).toBe(true)
  for (let index = many; index < many + 300; index += 1) expect(await list.has(word(index)), word(index)).toBe(false)
})

it('accepts hashes without counts, in lower case', async () => {
  const list = await opened(fileOf(['b', 'a', 'c'].map((one) => sha1(one).toLowerCase()).sort(), '\n'))
  expect(await Promise.all(['a', 'b', 'c', 'd'].map(list.has))).toEqual([true, true, true, false])
})

it('reads a few lines of a long list, not the whole list', async () => {
  const file = fileOf(listOf(50_000), '\r\n')
  const list = await opened(file)
  const bytesRead = () => Number(/^rchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
  const before = bytesRead()
  for (let index = 0; index < 100; index += 1) await list.has(word(index))
  // seventeen lines of at most 128 bytes each time
  expect(bytesRead() - before).toBeLessThan(100 * 20 * 128 + 100_000)
})

it.each([
  ['nothing', ''],
  ['a text', 'These are the passwords that must not be used, one after another, without any order.'],
  ['NTLM hashes', `${'A'.repeat(32)}:5\r\n${'B'.repeat(32)}:5\r\n`],
  ['hashes without order', `${listOf(100).toReversed().join('\n')}\n`],
  ['an end that was cut off', listOf(50).join('\n').slice(0, -30)],
])('refuses a file of %s', async (_what, text) => {
  const file = join(temporaryDirectory(), 'pwned.txt')
  writeFileSync(file, text)
  await expect(openBreachedPasswords(file)).rejects.toThrow(/empty|no SHA-1|not in order/)
})

it('a wrong file stops the start with one sentence that names the setting', async () => {
  const { yideng } = commandLine({ environment: { YIDENG_BREACHED_PASSWORDS: '/nowhere/pwned.txt' } })
  const { code, err } = await yideng('person', 'list')
  const sentence = /^The setting YIDENG_BREACHED_PASSWORDS="\/nowhere\/pwned.txt" cannot be used: ENOENT.+\n$/
  expect([code, err]).toEqual([1, expect.stringMatching(sentence)])
  const { out } = await yideng('doctor', '--json')
  expect(out).toContain('correct or unset YIDENG_BREACHED_PASSWORDS')
})

it('refuses a stolen password on each page that sets one', async () => {
  const stolen = 'Baiyun-Shan-2026'
  const file = fileOf([sha1(stolen), ...listOf(20)].sort(), '\r\n')
  const breached = await opened(file)
  const personal: string[] = []
  expect(await newPasswordProblem({ password: stolen, personal, breached })).toBe('password_breached')
  expect(await newPasswordProblem({ password: fullWidth(stolen), personal, breached })).toBe('password_breached')
  expect(await newPasswordProblem({ password: `${stolen}!`, personal, breached })).toBeUndefined()
  const nothing = await opened('')
  expect(await newPasswordProblem({ password: stolen, personal, breached: nothing })).toBeUndefined()

  const line = commandLine({ environment: { YIDENG_BREACHED_PASSWORDS: file } })
  const create = (password: string) =>
    line.yidengWith(`${password}\n`, 'person', 'create', ...zhangSan, '--password-stdin')
  expect(await create(stolen)).toMatchObject({
    code: 2,
    err: expect.stringContaining('list of breached passwords') as string,
  })
  expect(await create(`${stolen}!`)).toMatchObject({ code: 0 })
})
