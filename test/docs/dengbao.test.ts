import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { commandLine } from '../cli/in-process.ts'
import { afterFile } from '../setup/after-file.ts'
import { cannotRun } from '../setup/parts.ts'
import { startServer } from '../setup/server.ts'

const root = new URL('../../', import.meta.url)

const pages = [
  { file: 'docs/dengbao.md', locale: 'zh_CN.UTF-8', open: '**未满足**' },
  { file: 'docs/en/dengbao.md', locale: 'en_US.UTF-8', open: '**not met**' },
]

interface Evidence {
  command: string
  code: number
  shown: string[]
}

/** `# [1] → text`: the exit code, 0 where there is none, and what the command shows. */
const expectation = /^# (?:\[(\d+)\] )?→ ?(.*)$/

/** The commands of a page with what it says about each. The first block only sets variables. */
function evidenceOf(text: string): Evidence[] {
  const blocks = [...text.matchAll(/^```sh\n([^]*?)^```/gm)].slice(1).map(([, block = '']) => block)
  const found: Evidence[] = []
  for (const line of blocks.flatMap((block) => block.trim().split('\n'))) {
    const [said, code, shown = ''] = expectation.exec(line) ?? []
    const last = found.at(-1)
    if (said === undefined) found.push({ command: line, code: 0, shown: [] })
    else if (last) {
      if (code !== undefined) last.code = Number(code)
      last.shown.push(shown.trim())
    }
  }
  return found
}

/** Words of a command, with quotes and the variables of the page. */
const wordsOf = (text: string, environment: Record<string, string>) =>
  [...text.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word
      .replaceAll(/"[^"]*"|[^'"]+/g, (part) =>
        part.replaceAll(/\$(\w+)/g, (_all, name: string) => environment[name] ?? ''),
      )
      .replaceAll(/['"]/g, ''),
  )

/** `A=b printf TEXT | npx yideng … > FILE`; other commands are for the shell. */
const yidengCommand = /^((?:\w+=\S+ )*)(?:printf (\S+) \| )?npx yideng (.*?)(?: > (\S+))?$/

async function run(command: string, environment: Record<string, string>): Promise<{ code: number; text: string }> {
  const [called, assigned = '', stdin = '', rest = '', file] = yidengCommand.exec(command) ?? []
  if (called === undefined) {
    const env = { PATH: process.env['PATH'], ...environment }
    const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: root, encoding: 'utf8', env })
    return { code: status ?? -1, text: stdout + stderr }
  }
  const own = Object.fromEntries(wordsOf(assigned, environment).map((word) => word.split('=') as [string, string]))
  const line = commandLine({ empty: true, environment: { ...environment, ...own } })
  const { code, out, err } = await line.yidengWith(stdin, ...wordsOf(rest, environment))
  if (file === undefined) return { code, text: out + err }
  writeFileSync(wordsOf(file, environment)[0] ?? '', out)
  return { code, text: err }
}

const inOneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim()

/** A short text is a word of its own, because it would also be a part of another number. */
const isShown = (text: string, expected: string) =>
  expected.length > 6 || expected.includes(' ')
    ? inOneLine(text).includes(inOneLine(expected))
    : inOneLine(text).split(' ').includes(expected)

describe.skipIf(cannotRun('curl')).each(pages)('$file', ({ file, locale, open }) => {
  const text = readFileSync(new URL(file, root), 'utf8')
  const evidence = evidenceOf(text)
  const rows = text
    .split('\n')
    .filter((line) => /^\| (?:[a-g]|8\.1\.)/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
  let environment: Record<string, string>

  beforeAll(async () => {
    const server = await startServer()
    const directory = mkdtempSync(join(tmpdir(), 'yideng-evidence-'))
    afterFile(() => rmSync(directory, { recursive: true, force: true }))
    environment = {
      ...server.environment,
      YIDENG_ISSUER: server.issuer,
      LC_ALL: locale,
      DIR: directory,
      COLUMNS: '1000',
      NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
    }
  })

  it('has the output of every command', () => {
    expect(evidence.length).toBeGreaterThan(30)
    expect(evidence.filter(({ shown }) => shown.length === 0).map(({ command }) => command)).toEqual([])
  })

  // in order: each command finds what those before it have left
  it.each(evidence.map((one) => [one.command, one] as const))('%s', async (command, { code, shown }) => {
    const answer = await run(command, environment)
    expect({ ...answer, missing: shown.filter((one) => !isShown(answer.text, one)) }).toEqual({
      code,
      text: shown.join('') === '' ? '' : answer.text,
      missing: [],
    })
  })

  it('has a conclusion and evidence for every clause, and says what is not met', () => {
    expect(rows.length).toBeGreaterThan(30)
    for (const row of rows) {
      expect(row, row.join('|')).toHaveLength(8)
      const [, , requirement, , , conclusion = '', shown = ''] = row
      expect(requirement).not.toBe('')
      expect(conclusion).not.toBe('')
      if (!conclusion.startsWith(open)) expect(shown, row.join('|')).not.toBe('')
      for (const [path] of shown.matchAll(/(?:test|docs)\/[\w./-]+/g))
        expect(existsSync(new URL(path, root)), path).toBe(true)
    }
    expect(text).toContain(open)
  })
})
