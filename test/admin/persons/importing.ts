import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { matchKey } from '../../../src/accounts/identifiers/names.ts'
import type { Services } from '../../../src/services.ts'
import { linesOf, nameOf, numberOf } from '../../accounts/imports/rows.ts'
import { commandLine } from '../../cli/in-process.ts'
import { temporaryDirectory } from '../../setup/temporary.ts'
import { upstreamFile } from '../../setup/upstream-file.ts'

/** Puts made-up people into our population register. */
export const onRegister = ({ register, database }: Services, people: readonly { number: string; name: string }[]) =>
  database.transaction().execute((transaction) =>
    register.add(
      transaction,
      people.map(({ number, name }) => ({
        documentType: 'resident_id',
        documentNumber: number,
        nameKey: matchKey(name),
      })),
    ),
  )

export const personOf = (index: number) => ({ number: numberOf(index), name: nameOf(index) })

/** A store of its own, a file to import, and the files of the classes. The upstream has proven its numbers itself. */
export function importing(
  clock?: () => number,
  upstream: object = { authoritativeFor: ['resident_id'] },
  store: Record<string, string> = {},
) {
  const foshan = { id: 'foshan', ...upstream }
  const environment = { ...store, YIDENG_UPSTREAMS: upstreamFile(temporaryDirectory(), [foshan]) }
  const line = commandLine(clock ? { clock, environment } : { environment })
  const file = join(line.directory, 'foshan.jsonl')
  const write = (rows: readonly object[]) => writeFileSync(file, linesOf(rows))
  const run = (...flags: string[]) => line.json('person', 'import', file, '--upstream', 'foshan', ...flags)
  const classFile = (batch: unknown, name: string) =>
    readFileSync(join(line.directory, 'data', 'imports', String(batch), `${name}.jsonl`), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((one) => JSON.parse(one) as { line: number; problem?: string; person?: string })
  return { ...line, file, write, run, classFile }
}
