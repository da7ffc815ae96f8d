import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { makeStore } from '../../setup/make-store.ts'
import { commandLine } from '../../cli/in-process.ts'
import { writeImportFile } from '../../accounts/imports/import-file.ts'

const rows = 20_000
const program = new URL('../../../bin/yideng.mjs', import.meta.url).pathname

/** Directories of killed imports; those that run beside this test have a process. */
const leftDirectories = () =>
  readdirSync(tmpdir()).filter((name) => {
    if (!name.startsWith('yideng-import-')) return false
    try {
      const { pid } = JSON.parse(readFileSync(join(tmpdir(), name, 'owner.json'), 'utf8')) as { pid: number }
      return !existsSync(`/proc/${pid}`)
    } catch {
      return false
    }
  })

it('an import that was killed goes on, and its counts, accounts and files are exact', async () => {
  const { directory, environment, json, yideng, withServices } = commandLine()
  await makeStore(environment)
  const file = join(directory, 'accounts.jsonl')
  const wanted = await writeImportFile(file, rows)
  const imports = join(directory, 'data', 'imports')
  const argv = [program, 'person', 'import', file, '--upstream', 'city', '--json']
  const opened = () => {
    const batch = existsSync(imports) ? readdirSync(imports)[0] : undefined
    const path = join(imports, batch ?? '', 'new.jsonl')
    return batch !== undefined && existsSync(path) ? statSync(path).size : 0
  }

  // twice, so that it also goes on after it went on
  for (const share of [0.2, 0.6]) {
    const child = spawn(process.execPath, argv, {
      env: { ...process.env, ...environment },
      detached: true,
      stdio: 'ignore',
    })
    const ended = once(child, 'close')
    // a line of the file of new accounts has some 65 bytes
    while (child.exitCode === null && opened() < share * rows * 65) await sleep(20)
    expect(child.exitCode).toBeNull()
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    await ended
  }
  const left = leftDirectories()
  const before = await withServices(({ database }) =>
    database.selectFrom('import_batches').select(['state', 'lines_done']).executeTakeFirstOrThrow(),
  )
  expect(before.state).toBe('running')
  expect(before.lines_done).toBeGreaterThan(rows * 0.4)
  expect(before.lines_done).toBeLessThan(rows)

  expect(left, 'of this import, which was killed').not.toEqual([])
  const done = await json('person', 'import', file, '--upstream', 'city')
  const { batch, ...counts } = done
  expect(counts).toEqual(wanted)
  expect(
    leftDirectories().filter((one) => left.includes(one)),
    'fingerprints outlive no killed import',
  ).toEqual([])
  for (const [name, count] of Object.entries(counts)) {
    const lines = readFileSync(join(imports, String(batch), `${name}.jsonl`), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { line: number }).line)
    expect(lines, name).toHaveLength(Number(count))
    expect(lines.every((line, index) => index === 0 || line > (lines[index - 1] ?? 0))).toBe(true)
  }
  await withServices(async ({ database }) => {
    const count = async (table: 'natural_persons' | 'upstream_links' | 'authenticators') =>
      (
        await database
          .selectFrom(table)
          .select(({ fn }) => fn.countAll<number>().as('many'))
          .executeTakeFirstOrThrow()
      ).many
    expect(await count('natural_persons')).toBe(wanted['new'])
    expect(await count('upstream_links')).toBe(wanted['new'])
    expect(await count('authenticators')).toBe(rows / 10)
  })
  expect((await yideng('audit', 'verify')).code).toBe(0)
  // the whole import can be taken back
  const undone = await json('person', 'import', 'undo', String(batch))
  expect(undone).toEqual({ batch, removed: wanted['new'], unlinked: 0, kept: 0 })
}, 600_000)
