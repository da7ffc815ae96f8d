import { flagOf, type Command } from '../command.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

const flagsOf = ({ fields }: Command) => [
  ...Object.entries(fields)
    .filter(([, { positional }]) => !positional)
    .map(([name, field]) => `--${flagOf(name, field)}`),
  '--json',
  '--help',
]
const nounsOf = (commands: readonly Command[]) => [...new Set(commands.map(({ noun }) => noun))]
const verbsOf = (commands: readonly Command[], noun: string) =>
  commands.filter((command) => command.noun === noun).flatMap(({ verb }) => verb ?? [])
const keyOf = ({ noun, verb = '' }: Command) => `${noun} ${verb}`.trim()

/** What follows a flag where only a few words may. */
const choicesOf = (commands: readonly Command[]) =>
  commands.flatMap((command) =>
    Object.entries(command.fields).flatMap(([name, field]) =>
      field.choices && !field.positional
        ? [{ key: keyOf(command), flag: `--${flagOf(name, field)}`, words: field.choices }]
        : [],
    ),
  )

/** The words that may come next, as a function of a shell; made from the command tables. Names and flags hold no blanks. */
function bash(commands: readonly Command[]): string {
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
      return `    ${pattern}) words="$words ${flagsOf(command).join(' ')}" ;;`
    }),
    '    esac',
    '    case "$noun $verb $before" in',
    ...arms(choicesOf(commands).map(({ key, flag, words }) => [`${key} ${flag}`, words])),
    '    esac',
    '  fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    '  [ ${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "$word"))',
    '}',
    'complete -F _yideng yideng',
  ].join('\n')
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

function fish(commands: readonly Command[]): string {
  const nouns = nounsOf(commands)
  const line = (condition: string, words: string, meaning: string) =>
    `complete -c yideng -n ${quoted(condition)} ${words} -d ${quoted(meaning)}`
  return [
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

export function completionScript(shell: Shell, commands: readonly Command[]): string {
  if (shell === 'fish') return fish(commands)
  // zsh runs the same function
  return shell === 'bash' ? bash(commands) : `autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`
}
