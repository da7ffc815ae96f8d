import { createInterface } from 'node:readline/promises'
import { flagOf, type Field } from '../admin/fields.ts'
import type { Command } from '../admin/command.ts'
import type { Outcome } from '../admin/outcome.ts'
import { readArguments } from './arguments.ts'
import { visibleLines } from '../text/visible.ts'
import type { Terminal } from './ask-secret.ts'

/** More than a person types. */
const maxAnswerLength = 2000

/**
 * Asks on the terminal for the fields of a command, in the order of the help. Secrets and switches are not asked.
 * An empty line takes the default, or leaves the field out.
 * `attempt` runs the command with the answers as arguments. The fields that it refuses are asked again.
 * @returns the last outcome; undefined when the person cancelled
 */
export async function guide(
  command: Command,
  terminal: Terminal,
  attempt: (words: string[]) => Promise<Outcome>,
): Promise<Outcome | undefined> {
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
  const asked = Object.entries(command.fields).filter(([, { type }]) => type !== 'secret' && type !== 'boolean')
  const given = new Map<string, string[]>()
  try {
    say(`${command.summary}. Empty line: the default, or no value. Ctrl-D: cancel.\n`)
    for (;;) {
      for (const [name, field] of asked) {
        const words = given.get(name) ?? (await askField(command, name, field, ask, say))
        if (words === undefined) return undefined
        given.set(name, words)
      }
      const words = asked.flatMap(([name]) => given.get(name) ?? [])
      const outcome = await attempt(words)
      const refused = outcome.ok || outcome.kind !== 'invalid' ? [] : outcome.problems
      const again = refused.some(({ field = '' }) => given.has(field))
      if (!again) {
        say(
          `The same command with flags:\n  npx yideng ${[command.noun, command.verb ?? '', ...words.map(quoted)].join(' ')}\n`,
        )
        return outcome
      }
      for (const { field = '', message } of refused) {
        say(`  ${field} ${message}\n`.replace(/^ +/, '  '))
        given.delete(field)
      }
    }
  } finally {
    lines.close()
  }
}

/** Asks until the answer is valid; for a list, until an empty line. */
async function askField(
  command: Command,
  name: string,
  field: Field,
  ask: (question: string) => Promise<string | undefined>,
  say: (text: string) => void,
): Promise<string[] | undefined> {
  const words: string[] = []
  const choices = field.choices ? ` (${field.choices.join(', ')})` : ''
  const byDefault = field.default === undefined ? '' : ` [${field.default}]`
  for (;;) {
    const answer = await ask(`${name}: ${field.meaning}${choices}${byDefault}: `)
    if (answer === undefined) return undefined
    if (answer === '') {
      if (!field.required || words.length > 0) return words
      say('  is needed\n')
      continue
    }
    const typed = field.positional ? [answer] : [`--${flagOf(name, field)}=${answer}`]
    const read = readArguments({ ...command, fields: { [name]: field } }, typed)
    if (!read.ok) {
      say(`  ${read.problems.map(({ message }) => message).join('; ')}\n`)
      continue
    }
    words.push(...typed)
    if (field.type !== 'list') return words
  }
}

const quoted = (word: string) => (/^[\w\-=:/.@,]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
