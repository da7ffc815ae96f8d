import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Command, Field, Input, Problem } from '../admin/command.ts'
import { nameOf, typed } from './help.ts'
import { nearest } from './nearest.ts'

const flagsOfAll = new Set(['--help', '-h', '--json'])

/** The flags every command has, and what is left without them. */
export function readFlagsOfAll(argv: readonly string[]): { help: boolean; json: boolean; rest: string[] } {
  const help = argv.includes('--help') || argv.includes('-h')
  return { help, json: argv.includes('--json'), rest: argv.filter((word) => !flagsOfAll.has(word)) }
}

/** The flag a field is given by. */
export const flagOf = (name: string, field: Field) => (field.type === 'secret' ? `${name}-stdin` : name)

/** The input of a command, read from its arguments; a secret is `true` where standard input is to be read for it. */
export function readArguments(
  command: Command,
  rest: readonly string[],
): { ok: true; input: Input } | { ok: false; problems: Problem[] } {
  const fields = Object.entries(command.fields)
  const flags = new Map(
    fields.filter(([, field]) => !field.positional).map(([name, field]) => [flagOf(name, field), { name, field }]),
  )
  const places = fields.filter(([, field]) => field.positional)
  const takesNothing = ({ type }: Field) => type === 'boolean' || type === 'secret'
  const options = Object.fromEntries(
    [...flags].map(([flag, { field }]) => [
      flag,
      { type: takesNothing(field) ? ('boolean' as const) : ('string' as const) },
    ]),
  )
  const { tokens } = parseArgs({
    args: [...rest],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })

  const problems: Problem[] = []
  const input: Input = {}
  const accept = (name: string, field: Field, text: string) => {
    const read = readValue(field, text)
    if ('fault' in read) problems.push({ field: name, message: read.fault })
    else if (Array.isArray(input[name])) (input[name] as string[]).push(text)
    else input[name] = read.value
  }
  let afterUnknown = false
  for (const token of tokens) {
    // what follows an unknown flag was meant as its value; it may be a secret, so it is not repeated
    const belongs = afterUnknown
    afterUnknown = false
    if (token.kind === 'positional' && !belongs) {
      const place = places.find(([name]) => !(name in input))
      if (place) accept(...place, token.value)
      else problems.push({ message: `${JSON.stringify(token.value)} is one word too many for "${nameOf(command)}".` })
    }
    if (token.kind !== 'option') continue
    const known = flags.get(token.name)
    if (!known) {
      afterUnknown = !token.inlineValue
      problems.push({ message: unknownFlag(token.rawName, command, [...flags.keys()]) })
      continue
    }
    const { name, field } = known
    if (name in input && field.type !== 'list') problems.push({ field: name, message: 'is given twice' })
    else if (takesNothing(field)) {
      if (token.value === undefined) input[name] = true
      else problems.push({ field: name, message: 'takes no value' })
    } else if (token.value === undefined || (!token.inlineValue && token.value.startsWith('-'))) {
      problems.push({ field: name, message: `needs a value: ${typed(name, field)}` })
    } else accept(name, field, token.value)
  }
  for (const [name, field] of fields) {
    if (field.type === 'boolean') input[name] ??= false
    if (field.default !== undefined) input[name] ??= field.default
    const missing = field.required && field.type !== 'secret' && !(name in input)
    if (missing && !problems.some((problem) => problem.field === name))
      problems.push({ field: name, message: 'is missing' })
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, input }
}

function unknownFlag(typedFlag: string, command: Command, flags: string[]): string {
  const near = nearest(typedFlag.replace(/^-+/, ''), [...flags, 'help', 'json'])
  return `"${nameOf(command)}" has no flag ${typedFlag}.${near ? ` Did you mean --${near}?` : ''}`
}

function readValue({ type, choices }: Field, text: string): { value: unknown } | { fault: string } {
  if (choices && text !== '' && !choices.includes(text)) {
    return { fault: `${JSON.stringify(text)} must be one of: ${choices.join(', ')}` }
  }
  if (type === 'list') return { value: [text] }
  if (type === 'json' && text !== '') return readJson(text)
  if (type !== 'number') return { value: text }
  return /^\d{1,9}$/.test(text) ? { value: Number(text) } : { fault: `${JSON.stringify(text)} must be a whole number` }
}

function readJson(file: string): { value: unknown } | { fault: string } {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return {
      fault: `${JSON.stringify(file)} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`,
    }
  }
  try {
    return { value: JSON.parse(text.replace(/^\u{feff}/u, '')) as unknown }
  } catch {
    return { fault: `${JSON.stringify(file)} is not JSON` }
  }
}
