import { flagOf } from '../fields.ts'
import type { CommandHelp } from '../command.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

const flagsOf = ({ fields }: CommandHelp) => [
  ...Object.entries(fields)
    .filter(([, { positional }]) => !positional)
    .map(([name, field]) => `--${flagOf(name, field)}`),
  '--json',
  '--server',
  '--utc',
  '--qr',
  '--help',
]
const nounsOf = (commands: readonly CommandHelp[]) => [...new Set(commands.map(({ noun }) => noun))]
const verbsOf = (commands: readonly CommandHelp[], noun: string) =>
  commands.filter((command) => command.noun === noun).flatMap(({ verb }) => verb ?? [])
const keyOf = ({ noun, verb = '' }: CommandHelp) => `${noun} ${verb}`.trim()

const positionalWords = ({ fields }: CommandHelp) =>
  Object.values(fields).flatMap(({ positional, choices }) => (positional && choices) || [])

/** The choices of each flag. */
const choicesOf = (commands: readonly CommandHelp[]) =>
  commands.flatMap((command) =>
    Object.entries(command.fields).flatMap(([name, field]) =>
      field.choices && !field.positional
        ? [{ key: keyOf(command), flag: `--${flagOf(name, field)}`, words: field.choices }]
        : [],
    ),
  )

/** A shell function that completes the next word. Names and flags contain no spaces. */
function bash(commands: readonly CommandHelp[]): string {
  const arms = (rows: [string, readonly string[]][]) =>
    rows.map(([pattern, words]) => `    ${JSON.stringify(pattern)}) words=${JSON.stringify(words.join(' '))} ;;`)
  const nouns = nounsOf(commands)
  return [
    '_yideng() {',
    '  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} noun=${COMP_WORDS[1]} words=',
    '  local verb=; [ "$COMP_CWORD" -gt 2 ] && verb=${COMP_WORDS[2]}',
    `  if [ "$COMP_CWORD" -eq 1 ]; then words=${JSON.stringify(nouns.join(' '))}`,
    '  else',
    '    case "$noun" in',
    ...arms(nouns.map((noun) => [noun, verbsOf(commands, noun)])),
    '    esac',
    '    [ "$COMP_CWORD" -gt 2 ] && words=',
    '    case "$noun $verb" in',
    ...commands.map((command) => {
      const pattern = command.verb ? JSON.stringify(keyOf(command)) : `${JSON.stringify(`${command.noun} `)}*`
      return `    ${pattern}) words="$words ${[...positionalWords(command), ...flagsOf(command)].join(' ')}" ;;`
    }),
    '    esac',
    '    case "$noun $verb $before" in',
    ...arms(choicesOf(commands).map(({ key, flag, words }) => [`${key} ${flag}`, words])),
    '    esac',
    '  fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    '}',
    // without a matching word the shell offers files
    'complete -o default -F _yideng yideng',
    'type yideng >/dev/null 2>&1 || yideng() { npx yideng "$@"; }',
  ].join('\n')
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

function fish(commands: readonly CommandHelp[]): string {
  const nouns = nounsOf(commands)
  const line = (condition: string, words: string, meaning: string) =>
    `complete -c yideng -n ${quoted(condition)} ${words} -d ${quoted(meaning)}`
  return [
    'type -q yideng; or function yideng; npx yideng $argv; end',
    'complete -c yideng -l json',
    'complete -c yideng -l utc',
    'complete -c yideng -l qr',
    'complete -c yideng -l help',
    'complete -c yideng -l server -x',
    ...nouns.map((noun) => line('__fish_use_subcommand', `-f -a ${noun}`, noun)),
    ...commands.flatMap((command) => {
      const { noun, verb, summary, fields } = command
      const here = `__fish_seen_subcommand_from ${noun}`
      const within = verb ? `${here}; and __fish_seen_subcommand_from ${verb}` : here
      return [
        ...(verb
          ? [
              line(
                `${here}; and not __fish_seen_subcommand_from ${verbsOf(commands, noun).join(' ')}`,
                `-f -a ${verb}`,
                summary,
              ),
            ]
          : []),
        ...positionalWords(command).map((word) => line(within, `-f -a ${word}`, word)),
        ...Object.entries(fields)
          .filter(([, { positional }]) => !positional)
          .map(([name, field]) => {
            const value = field.choices ? ` -x -a ${quoted(field.choices.join(' '))}` : ''
            return line(within, `-l ${flagOf(name, field)}${value}`, field.meaning)
          }),
      ]
    }),
  ].join('\n')
}

export function completionScript(shell: Shell, commands: readonly CommandHelp[]): string {
  if (shell === 'fish') return fish(commands)
  if (shell === 'bash') return bash(commands)
  // zsh runs the function of bash
  return [
    'whence compdef >/dev/null || { autoload -Uz compinit && compinit; }',
    'autoload -U +X bashcompinit && bashcompinit',
    bash(commands),
  ].join('\n')
}
