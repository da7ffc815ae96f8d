import { createInterface } from 'node:readline/promises'
import { flagOf, type Field } from '../admin/fields.ts'
import type { Command, Guide } from '../admin/command.ts'
import type { Outcome } from '../admin/outcome.ts'
import { visibleLines } from '../text/visible.ts'
import { readArguments } from './arguments.ts'
import type { Terminal } from './ask-secret.ts'
import { wrapped, wrappedCommand } from './fit.ts'
import type { Screen } from './layout.ts'

/** More than a person types. */
const maxAnswerLength = 2000

/** A conversation on the terminal. */
export interface Talk {
  /** Undefined where the person ends it. */
  ask(question: string): Promise<string | undefined>
  say(text: string): void
  screen: Screen
}

/** The words of the answered fields, as arguments. */
type Given = Map<string, string[]>

/**
 * Asks on the terminal for the fields of a command: the first ones, then the others where the person wants more.
 * An empty line takes the default, or leaves the field out. Each answer is checked at once.
 * `attempt` runs the command with the answers as arguments. The fields that it refuses are asked again.
 * @returns the last outcome; undefined when the person cancelled
 */
export async function guide(
  command: Command & { guide: Guide },
  terminal: Terminal,
  screen: Screen,
  attempt: (words: string[]) => Promise<Outcome>,
): Promise<Outcome | undefined> {
  return talking(terminal, screen, (talk) => converse(command, talk, attempt))
}

/** Holds a conversation on the terminal, and gives its input back. */
export async function talking<T>(
  terminal: Terminal,
  screen: Screen,
  conversation: (talk: Talk) => Promise<T>,
): Promise<T> {
  const lines = createInterface({
    input: terminal.input as unknown as NodeJS.ReadableStream,
    output: terminal.prompt as unknown as NodeJS.WritableStream,
    terminal: false,
  })
  const answers = lines[Symbol.asyncIterator]()
  const say = (text: string) => void terminal.prompt.write(visibleLines(text))
  const ask = async (question: string) => {
    say(question)
    const { value, done } = await answers.next()
    return done ? undefined : value.trim().slice(0, maxAnswerLength)
  }
  try {
    return await conversation({ ask, say, screen })
  } finally {
    lines.close()
  }
}

async function converse(
  command: Command & { guide: Guide },
  talk: Talk,
  attempt: (words: string[]) => Promise<Outcome>,
): Promise<Outcome | undefined> {
  const { say, screen } = talk
  const given: Given = new Map()
  const summary = screen.words.say(command.summary)
  say(`${summary}\n${screen.words.say('Empty line: the default, or no value. Ctrl-D: cancel.')}\n\n`)
  if (!(await askAll(command, Object.keys(command.guide.first), given, talk))) return undefined
  const more = await talk.ask(`\n${screen.words.say('More?')} [y/N] `)
  if (more === undefined) return undefined
  if (/^(y(es)?|是|要)$/i.test(more)) {
    for (const [title, names] of Object.entries(command.guide.more)) {
      say(`\n${screen.words.say(title)}\n`)
      if (!(await askAll(command, names, given, talk))) return undefined
    }
  }
  for (;;) {
    const words = wordsOf(given)
    const outcome = await attempt(words)
    const refused = outcome.ok || outcome.kind !== 'invalid' ? [] : outcome.problems
    const again = refused.filter(({ field = '' }) => field in command.fields)
    if (again.length === 0) {
      sayAsFlags(command, words, talk)
      return outcome
    }
    for (const { field = '', message } of again) {
      say(`  ${field} ${screen.words.say(message)}\n`)
      given.delete(field)
    }
    const names = [...new Set(again.map(({ field = '' }) => field))]
    if (!(await askAll(command, names, given, talk))) return undefined
  }
}

const wordsOf = (given: Given) => [...given.values()].flat()

function sayAsFlags(command: Command, words: string[], { say, screen }: Talk): void {
  const typed = `npx yideng ${[command.noun, command.verb ?? '', ...words.map(quoted)].join(' ')}`
  const lines = wrappedCommand(typed, screen.width - 2).map((line) => `  ${line}\n`)
  say(`\n${screen.words.say('The same command with flags:')}\n${lines.join('')}`)
}

/** Asks for these fields. False when the person cancelled. */
async function askAll(
  command: Command & { guide: Guide },
  names: readonly string[],
  given: Given,
  talk: Talk,
): Promise<boolean> {
  for (const name of names) {
    const field = command.fields[name]
    if (!field) throw new Error(`the guide asks for ${name}, which is no field`)
    const words = await askField(command, name, field, given, talk)
    if (words === undefined) return false
    given.set(name, words)
  }
  return true
}

/** Asks until the answer is valid; for a list, until an empty line. */
async function askField(
  command: Command & { guide: Guide },
  name: string,
  field: Field,
  given: Given,
  talk: Talk,
): Promise<string[] | undefined> {
  const { words: language } = talk.screen
  const words: string[] = []
  const choices = field.choices ? ` (${field.choices.join(', ')})` : ''
  const byDefault = field.default === undefined ? '' : ` [${field.default}]`
  const question = command.guide.first[name] ?? `${name}: ${language.say(field.meaning)}`
  const asked = wrapped(`${language.say(question)}${choices}${byDefault}: `, talk.screen.width, '  ').join('\n')
  for (;;) {
    const answer = await talk.ask(words.length > 0 ? '  + : ' : `${asked.trimEnd()} `)
    if (answer === undefined) return undefined
    if (answer === '') {
      if (!field.required || words.length > 0) return words
      talk.say(`  ${language.say('is needed')}\n`)
      continue
    }
    const typed = field.positional ? [answer] : [`--${flagOf(name, field)}=${answer}`]
    const fault = faultOf(command, name, [...wordsOf(given), ...words, ...typed])
    if (fault !== undefined) {
      talk.say(`  ${language.say(fault)}\n`)
      continue
    }
    words.push(...typed)
    if (field.type !== 'list') return words
  }
}

/** The fault of the answer to one field, beside the answers before. */
function faultOf(command: Command & { guide: Guide }, name: string, words: string[]): string | undefined {
  const fields = Object.entries(command.fields).map(
    ([one, { required: _later, ...field }]) => [one, field] as [string, Field],
  )
  const read = readArguments({ ...command, fields: Object.fromEntries(fields) }, words)
  const problems = read.ok ? command.guide.check(read.input) : read.problems
  return problems.find(({ field }) => field === name)?.message
}

const quoted = (word: string) => (/^[\w\-=:/.@,]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
