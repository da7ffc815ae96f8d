import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { flagOf, type Field, type Input } from '../admin/fields.ts'
import { nameOf, type CommandHelp } from '../admin/command.ts'
import type { Problem } from '../admin/outcome.ts'
import { typed } from './help.ts'
import { nearest } from './nearest.ts'

const commonFlags = new Set(['--help', '-h', '--json', '--utc', '--qr'])

/** The flags of every command, and the other words. `server` and `environment` are empty where their value is missing. */
export function readCommonFlags(argv: readonly string[]) {
  const help = argv.includes('--help') || argv.includes('-h')
  const words = argv.filter((word) => !commonFlags.has(word))
  const given: Record<string, string> = {}
  const rest: string[] = []
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    const [, flag, , value] = /^--(server|environment)(=(.*))?$/s.exec(word) ?? []
    if (flag === undefined) rest.push(word)
    else given[flag] = value ?? words[(at += 1)] ?? ''
  }
  const { server, environment } = given
  const [json, utc, qr] = ['--json', '--utc', '--qr'].map((flag) => argv.includes(flag)) as [boolean, boolean, boolean]
  return { help, json, utc, qr, server, environment, rest }
}

const isSwitch = ({ type }: Field) => type === 'boolean' || type === 'secret'

/** The input of a command, read from its arguments. A secret is `true` where the caller has to read it from standard input. */
export function readArguments(
  command: CommandHelp,
  rest: readonly string[],
): { ok: true; input: Input } | { ok: false; problems: Problem[] } {
  const fields = Object.entries(command.fields)
  const positional = fields.filter(([, field]) => field.positional)
  const flags = new Map(fields.filter(([, field]) => !field.positional).map((entry) => [flagOf(...entry), entry]))
  const options = Object.fromEntries(
    Array.from(flags, ([flag, [, field]]) => [flag, { type: isSwitch(field) ? 'boolean' : 'string' } as const]),
  )
  const { tokens } = parseArgs({ args: [...rest], options, strict: false, allowPositionals: true, tokens: true })

  const problems: Problem[] = []
  const input: Input = {}
  const take = (name: string, field: Field, text: string) => {
    const before = input[name]
    const read = readValue(field, text)
    if ('fault' in read) problems.push({ field: name, message: read.fault })
    else if (Array.isArray(before)) input[name] = [...before, text]
    else input[name] = field.words && typeof before === 'string' ? `${before} ${text}` : read.value
  }
  let afterUnknown = false
  for (const token of tokens) {
    // the word after an unknown flag is probably its value: it may be a secret, so no message repeats it
    const isItsValue = afterUnknown
    afterUnknown = false
    if (token.kind === 'positional' && !isItsValue) {
      const next = positional.find(([name]) => !(name in input))
      if (next) take(...next, token.value)
      else problems.push({ message: `${JSON.stringify(token.value)} is one word too many for "${nameOf(command)}".` })
    }
    if (token.kind !== 'option') continue
    const known = flags.get(token.name)
    if (!known) {
      afterUnknown = !token.inlineValue
      problems.push({ message: unknownFlag(token.rawName, command, [...flags.keys()]) })
      continue
    }
    const [name, field] = known
    const fault = faultOfFlag(token, name, field, name in input)
    if (fault) problems.push({ field: name, message: fault })
    else if (token.value === undefined) input[name] = true
    else take(name, field, token.value)
  }

  for (const [name, { type, required, default: byDefault }] of fields) {
    if (type === 'boolean') input[name] ??= false
    if (byDefault !== undefined) input[name] ??= byDefault
    if (!required || type === 'secret' || name in input || problems.some(({ field }) => field === name)) continue
    problems.push({ field: name, message: 'is missing' })
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, input }
}

function faultOfFlag(
  token: { value: string | undefined; inlineValue: boolean | undefined },
  name: string,
  field: Field,
  givenBefore: boolean,
): string | undefined {
  const { value, inlineValue } = token
  if (givenBefore && field.type !== 'list' && !field.words) return 'is given twice'
  if (isSwitch(field)) return value === undefined ? undefined : 'takes no value'
  const missing = value === undefined || (!inlineValue && value.startsWith('-'))
  return missing ? `needs a value: ${typed(name, field)}` : undefined
}

function unknownFlag(typedFlag: string, command: CommandHelp, flags: string[]): string {
  const near = nearest(typedFlag.replace(/^-+/, ''), [...flags, 'help', 'json', 'utc', 'qr'])
  return `"${nameOf(command)}" has no flag ${typedFlag}.${near ? ` Did you mean --${near}?` : ''}`
}

function readValue({ type, choices }: Field, text: string): { value: unknown } | { fault: string } {
  if (choices && text !== '' && !choices.includes(text)) {
    return { fault: `${JSON.stringify(text)} must be one of: ${choices.join(', ')}` }
  }
  if (type === 'list') return { value: [text] }
  if (type === 'json' && text !== '') return readJson(text)
  if (type !== 'number') return { value: text }
  return /^\d{1,15}$/.test(text) ? { value: Number(text) } : { fault: `${JSON.stringify(text)} must be a whole number` }
}

function readJson(file: string): { value: unknown } | { fault: string } {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    return { fault: `${JSON.stringify(file)} cannot be read: ${code}` }
  }
  try {
    return { value: JSON.parse(text.replace(/^\u{feff}/u, '')) }
  } catch {
    return { fault: `${JSON.stringify(file)} is not JSON` }
  }
}
