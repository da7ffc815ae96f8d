import { nameOf, type CommandHelp, type CommandSummary } from '../admin/command.ts'
import { flagOf, type Field } from '../admin/fields.ts'
import { aligned, type Line } from './layout.ts'

/** The text that a person types for a field. */
export function typed(name: string, field: Field): string {
  const { type, placeholder, positional, choices } = field
  if (positional) return placeholder ?? name.toUpperCase()
  const flag = `--${flagOf(name, field)}`
  if (type === 'secret' || type === 'boolean') return flag
  return `${flag} ${choices?.join('|') ?? placeholder ?? (type === 'number' ? 'NUMBER' : 'TEXT')}`
}

/** The meaning of a field, with its conditions and its default. */
export function meaningOf({ type, meaning, required, local, default: byDefault }: Field): string {
  const more = [
    ...(required && type !== 'secret' ? ['required'] : []),
    ...(type === 'list' ? ['can be repeated'] : []),
    ...(local ? ['not with --server'] : []),
    ...(type === 'secret' ? ['read from standard input, one line; without this flag the terminal asks'] : []),
    ...(byDefault === undefined ? [] : [`default ${byDefault}`]),
  ]
  return more.length > 0 ? `${meaning} (${more.join('; ')})` : meaning
}

/** `npx yideng client show ID [--flags]` */
export function usageOf(command: CommandHelp): string {
  const fields = Object.entries(command.fields)
  const positional = fields.filter(([, field]) => field.positional).map(([name, field]) => typed(name, field))
  const required = fields.filter(([, field]) => field.required && !field.positional && field.type !== 'secret')
  const flags = required.map(([name, field]) => typed(name, field))
  return ['npx yideng', nameOf(command), ...positional, ...flags, '[--flags]'].join(' ')
}

/** The flags of every command. */
export const everyFlag = [
  ['--json', 'print one JSON document on standard output and nothing else'],
  ['--server URL', 'run the command at that server, after a sign-in by passkey; default: on the store of this machine'],
  ['--help', 'explain the command'],
] as const

export const exitCodes = [
  ['0', 'done'],
  ['1', 'failed'],
  ['2', 'wrong usage or invalid input'],
  ['3', 'not found'],
] as const

const maxFlagWidth = 40

const indented = (lines: string[]) => lines.map((line) => `  ${line}`)
const section = (title: string, lines: string[]): Line[] => ['', { bold: title }, ...indented(lines)]
const overview = (commands: readonly CommandSummary[]) =>
  aligned(commands.map((command) => [nameOf(command), command.summary]))

export function commandHelp(command: CommandHelp): Line[] {
  const rows = Object.entries(command.fields).flatMap(([name, field]) => {
    const flag = typed(name, field)
    // a long flag gets its own line, so that the column of meanings stays near
    return flag.length > maxFlagWidth ? [[flag], ['', meaningOf(field)]] : [[flag, meaningOf(field)]]
  })
  return [
    `${nameOf(command)}: ${command.summary}`,
    ...section('Usage', [usageOf(command)]),
    ...section('Flags', aligned([...rows, ...everyFlag])),
    ...section('Example', [command.example]),
  ]
}

/** @param example of the first command */
export function nounHelp(noun: string, commands: readonly CommandSummary[], example: string): Line[] {
  return [
    ...section(noun, overview(commands)).slice(1),
    ...section('Example', [example]),
    '',
    `Help of one command: npx yideng ${noun} ${commands[0]?.verb ?? ''} --help`,
  ]
}

/** @param example of the first command */
export function overallHelp(commands: readonly CommandSummary[], example: string): Line[] {
  return [
    "Yideng 一登: the administrators' command line. It works while the server runs.",
    ...section('Usage', ['npx yideng <noun> <verb> [ID] [--flags]']),
    ...section('Commands', overview(commands)),
    ...section('Example', [example]),
    '',
    'Help of one command, with an example: npx yideng client create --help',
    'For a fault report, run: npx yideng --version, npx yideng doctor.',
    'It opens the store of the settings (YIDENG_DATA_DIR, YIDENG_KEYS_DIR and others: docs/settings.md).',
    `Exit code: ${exitCodes.map(([code, meaning]) => `${code} ${meaning}`).join(', ')}.`,
  ]
}
