import { nameOf, type CommandHelp, type CommandSummary } from '../admin/command.ts'
import { flagOf, type Field } from '../admin/fields.ts'
import type { ConsoleWords } from '../text/console-words.ts'
import { wrapped, wrappedCommand } from './fit.ts'
import { described, type Line, type Screen } from './layout.ts'

/** Longer choices are beside the flag. A page has room for all. */
const mostChoices = 50
const isShort = (choices: readonly string[], most: number) => choices.join('|').length <= most

/** The text that a person types for a field. */
export function typed(name: string, field: Field, most = mostChoices): string {
  const { type, placeholder, positional, choices } = field
  if (positional) return placeholder ?? name.toUpperCase()
  const flag = `--${flagOf(name, field)}`
  if (type === 'secret' || type === 'boolean') return flag
  const given = choices && isShort(choices, most) ? choices.join('|') : undefined
  return `${flag} ${given ?? placeholder ?? (type === 'number' ? 'NUMBER' : 'TEXT')}`
}

/** The meaning of a field, with its conditions and its default. */
export function meaningOf(field: Field, words: ConsoleWords, most = mostChoices): string {
  const { type, meaning, required, local, choices, default: byDefault } = field
  const more = [
    ...(required && type !== 'secret' ? ['required'] : []),
    ...(choices && !isShort(choices, most) ? [`one of ${choices.join(', ')}`] : []),
    ...(type === 'list' ? ['can be repeated'] : []),
    ...(local ? ['not with --server'] : []),
    ...(type === 'secret' ? ['read from standard input, one line; without this flag the terminal asks'] : []),
    ...(byDefault === undefined ? [] : [`default ${byDefault}`]),
  ].map(words.say)
  const said = words.say(meaning)
  if (more.length === 0) return said
  return words.language === 'zh-CN' ? `${said}（${more.join('；')}）` : `${said} (${more.join('; ')})`
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
  ['--environment FILE', 'read the settings from that file; default: /etc/yideng/environment, where it is'],
  ['--utc', 'show times in UTC; default: the time zone of this machine'],
  ['--qr', 'show a link as a QR code also where the output is no terminal'],
  ['--help', 'explain the command'],
] as const

export const exitCodes = [
  ['0', 'done'],
  ['1', 'failed'],
  ['2', 'wrong usage or invalid input'],
  ['3', 'not found'],
] as const

const indent = '  '

const indented = (lines: readonly string[]): Line[] => lines.map((line) => ({ asIs: indent + line }))
const within = ({ width }: Screen) => width - indent.length

const section = (title: string, lines: readonly string[], screen: Screen): Line[] => [
  '',
  { bold: screen.words.say(title) },
  ...indented(lines),
]
const codeSection = (title: string, code: string, screen: Screen) =>
  section(title, wrappedCommand(code, within(screen)), screen)

const rowsOf = (rows: readonly (readonly [string, string])[], screen: Screen) =>
  described(
    rows.map(([name, text]) => [name, screen.words.say(text)]),
    within(screen),
  )
const overview = (commands: readonly CommandSummary[], screen: Screen) =>
  rowsOf(
    commands.map((command) => [nameOf(command), command.summary]),
    screen,
  )

export function commandHelp(command: CommandHelp, screen: Screen): Line[] {
  const { words } = screen
  const fields = Object.entries(command.fields).map(
    ([name, field]) => [typed(name, field), meaningOf(field, words)] as const,
  )
  const flags = [
    ...described([...fields, ...everyFlag.map(([flag, text]) => [flag, words.say(text)] as const)], within(screen)),
  ]
  const colon = words.language === 'zh-CN' ? '：' : ': '
  return [
    ...wrapped(`${nameOf(command)}${colon}${words.say(command.summary)}`, screen.width, indent).map((asIs) => ({
      asIs,
    })),
    ...codeSection('Usage', usageOf(command), screen),
    ...section('Flags', flags, screen),
    ...codeSection('Example', command.example, screen),
  ]
}

/** @param example of the first command */
export function nounHelp(noun: string, commands: readonly CommandSummary[], example: string, screen: Screen): Line[] {
  return [
    { bold: noun },
    ...indented(overview(commands, screen)),
    ...codeSection('Example', example, screen),
    '',
    `Help of one command: npx yideng ${noun} ${commands[0]?.verb ?? ''} --help`,
  ]
}

/** @param example of the first command */
export function overallHelp(commands: readonly CommandSummary[], example: string, screen: Screen): Line[] {
  const ends = exitCodes.map(([code, meaning]) => `${code} ${screen.words.say(meaning)}`)
  return [
    "Yideng 一登: the administrators' command line. It works while the server runs.",
    ...codeSection('Usage', 'npx yideng <noun> <verb> [ID] [--flags]', screen),
    ...section('Commands', overview(commands, screen), screen),
    ...codeSection('Example', example, screen),
    '',
    'Help of one command, with an example: npx yideng client create --help',
    'For a fault report, run: npx yideng --version, npx yideng doctor.',
    'It opens the store of the settings (YIDENG_DATA_DIR, YIDENG_KEYS_DIR and others: docs/settings.md).',
    `Exit code: ${ends.join(', ')}.`,
  ]
}
