import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** What becomes of a row; exactly one for each row. */
const outcomes = ['new', 'linked', 'conflict-name', 'duplicate-in-file', 'malformed'] as const
/** Remarks about a row that opens an account; `asked`: about a linked one, whose person decides at the next sign-in. */
const marks = ['phone-shared', 'username-taken', 'asked'] as const

export const importClasses = [...outcomes, ...marks]
export type ImportOutcome = (typeof outcomes)[number]
export type ImportMark = (typeof marks)[number]
export type ImportClass = (typeof importClasses)[number]

/** The class of a row, for the counts and for the file of the class; without personal data. */
export interface Verdict {
  line: number
  outcome: ImportOutcome
  /** Why the row was not imported. */
  problem?: string
  marks: ImportMark[]
  /** The account of the row. */
  person?: string
}

const zeros = () => Object.fromEntries(importClasses.map((one) => [one, 0])) as Record<ImportClass, number>

/** A batch of an earlier version has fewer classes. */
const perClass = z.partialRecord(z.enum(importClasses), z.int()).transform((some) => ({ ...zeros(), ...some }))
const schema = z.object({
  counts: perClass,
  /** Bytes of the file of each class that belong to the lines done. */
  sizes: perClass,
})

export type Results = z.infer<typeof schema>

export const noResults = (): Results => ({ counts: zeros(), sizes: zeros() })

export const readResults = (text: string): Results => schema.parse(JSON.parse(text))

const classesOf = ({ outcome, marks: some }: Verdict): ImportClass[] => [outcome, ...some]

/** The counts after these rows. */
export function countInto(counts: Results['counts'], verdicts: readonly Verdict[]): Results['counts'] {
  const after = { ...counts }
  for (const one of verdicts.flatMap(classesOf)) after[one] += 1
  return after
}

/** The files of the classes of one batch. */
export interface ClassFiles {
  /** Writes behind the bytes that count, so that a repeated write changes nothing. Returns the new sizes. */
  write(sizes: Results['sizes'], verdicts: readonly Verdict[]): Results['sizes']
  /** Cuts what an interrupted import wrote and did not count. */
  close(sizes: Results['sizes']): void
}

const privateDirectory = 0o700
const privateFile = 0o600

/** Opens the files `<class>.jsonl` of a batch, private to their owner: a line for each row, with its number in the import's file. */
export function openClassFiles(directory: string): ClassFiles {
  mkdirSync(directory, { recursive: true, mode: privateDirectory })
  // `a` would write at the end, behind bytes that do not count
  const files = importClasses.map((name) => {
    const path = join(directory, `${name}.jsonl`)
    closeSync(openSync(path, 'a', privateFile))
    return { name, file: openSync(path, 'r+') }
  })
  return {
    write(sizes, verdicts) {
      const after = { ...sizes }
      for (const { name, file } of files) {
        const lines = verdicts.filter((one) => classesOf(one).includes(name))
        const bytes = Buffer.from(
          lines.map(({ line, problem, person }) => `${JSON.stringify({ line, problem, person })}\n`).join(''),
        )
        if (bytes.length > 0) writeSync(file, bytes, 0, bytes.length, sizes[name])
        after[name] = sizes[name] + bytes.length
      }
      return after
    },
    close(sizes) {
      for (const { name, file } of files) {
        ftruncateSync(file, sizes[name])
        closeSync(file)
      }
    },
  }
}
