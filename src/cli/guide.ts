import { createInterface } from 'node:readline/promises'
import { flagOf, type Command, type Field, type Outcome } from '../admin/command.ts'
import { readArguments } from './arguments.ts'
import { visibleLines } from '../text/visible.ts'
import type { Terminal } from './ask-secret.ts'

/** A question's answer must not be longer; nobody types more. */
const longest = 2000

/**
 * Asks on the terminal for each field of a command that is not a secret, in the order of its help; an empty line takes the
 * default or leaves it out. `attempt` gives the command the arguments as they would have been typed; what it refuses is
 * asked again, the rest is kept. Gives the last answer, or undefined when it was given up.
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
    return done ? undefined : value.trim().slice(0, longest)
  }
  const asked = Object.entries(command.fields).filter(([, { type }]) => type !== 'secret' && type !== 'boolean')
  const given = new Map<string, string[]>()
  try {
    say(`${command.summary}. Empty: as usual, or left out. Ctrl-D: nothing is done.\n`)
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
          `The same with flags:\n  npx yideng ${[command.noun, command.verb ?? '', ...words.map(quoted)].join(' ')}\n`,
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

/** Asks until the answer can be used; a list until an empty line. */
async function askField(
  command: Command,
  name: string,
  field: Field,
  ask: (question: string) => Promise<string | undefined>,
  say: (text: string) => void,
): Promise<string[] | undefined> {
  const words: string[] = []
  const choices = field.choices ? ` (${field.choices.join(', ')})` : ''
  const usual = field.default === undefined ? '' : ` [${field.default}]`
  for (;;) {
    const answer = await ask(`${name}: ${field.meaning}${choices}${usual}: `)
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
