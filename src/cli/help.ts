import { flagOf, nameOf, type Described, type Field } from '../admin/command.ts'
import { aligned, type Line } from './layout.ts'

/** What is typed for a field on the command line. */
export function typed(name: string, field: Field): string {
  const { type, placeholder, positional, choices } = field
  if (positional) return placeholder ?? name.toUpperCase()
  const flag = `--${flagOf(name, field)}`
  if (type === 'secret' || type === 'boolean') return flag
  return `${flag} ${choices?.join('|') ?? placeholder ?? (type === 'number' ? 'NUMBER' : 'TEXT')}`
}

/** Meaning of a field, and how often and when it is given. */
export function meaningOf({ type, meaning, required, local, default: usual }: Field): string {
  const more = [
    ...(required && type !== 'secret' ? ['required'] : []),
    ...(type === 'list' ? ['can be repeated'] : []),
    ...(local ? ['not with --server'] : []),
    ...(type === 'secret' ? ['read from standard input, one line; without this flag the terminal asks'] : []),
    ...(usual === undefined ? [] : [`default ${usual}`]),
  ]
  return more.length > 0 ? `${meaning} (${more.join('; ')})` : meaning
}

/** `npx yideng client show ID [--flags]` */
export function usageOf(command: Described): string {
  const fields = Object.entries(command.fields)
  const places = fields.filter(([, field]) => field.positional).map(([name, field]) => typed(name, field))
  const needed = fields.filter(([, field]) => field.required && !field.positional && field.type !== 'secret')
  const flags = needed.map(([name, field]) => typed(name, field))
  return ['npx yideng', nameOf(command), ...places, ...flags, '[--flags]'].join(' ')
}

/** The flags every command has. */
export const everyFlag = [
  ['--json', 'print one JSON document on standard output and nothing else'],
  [
    '--server URL',
    'run it at that server, for which you sign in by passkey; without this, on the store of this machine',
  ],
  ['--help', 'explain the command'],
] as const

export const exitCodes = [
  ['0', 'done'],
  ['1', 'failed'],
  ['2', 'wrong usage or invalid input'],
  ['3', 'not found'],
] as const

const widestFlag = 40

const indented = (lines: string[]) => lines.map((line) => `  ${line}`)
const section = (title: string, lines: string[]): Line[] => ['', { bold: title }, ...indented(lines)]
const overview = (commands: readonly Described[]) =>
  aligned(commands.map((command) => [nameOf(command), command.summary]))

export function commandHelp(command: Described): Line[] {
  const rows = Object.entries(command.fields).flatMap(([name, field]) => {
    const flag = typed(name, field)
    // a long flag stands on a line of its own, so that the meanings stay together
    return flag.length > widestFlag ? [[flag], ['', meaningOf(field)]] : [[flag, meaningOf(field)]]
  })
  return [
    `${nameOf(command)}: ${command.summary}`,
    ...section('Usage', [usageOf(command)]),
    ...section('Flags', aligned([...rows, ...everyFlag])),
    ...section('Example', [command.example]),
  ]
}

export function nounHelp(noun: string, commands: readonly Described[]): Line[] {
  return [
    ...section(noun, overview(commands)).slice(1),
    ...section(
      'Example',
      commands.slice(0, 1).map(({ example }) => example),
    ),
    '',
    `Every command explains itself: npx yideng ${noun} ${commands[0]?.verb ?? ''} --help`,
  ]
}

export function overallHelp(commands: readonly Described[]): Line[] {
  return [
    "Yideng 一登: the administrators' command line. It works while the server runs.",
    ...section('Usage', ['npx yideng <noun> <verb> [ID] [--flags]']),
    ...section('Commands', overview(commands)),
    ...section(
      'Example',
      commands.slice(0, 1).map(({ example }) => example),
    ),
    '',
    'Every command explains itself, with an example: npx yideng client create --help',
    'What to write in a report of a fault: npx yideng --version, npx yideng doctor.',
    'It opens the store that the settings name (YIDENG_DATA_DIR, YIDENG_KEYS_DIR and others: docs/settings.md).',
    `Exit code: ${exitCodes.map(([code, meaning]) => `${code} ${meaning}`).join(', ')}.`,
  ]
}
