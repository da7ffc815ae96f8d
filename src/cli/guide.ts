import { createInterface } from 'node:readline/promises'
import { flagOf, type Command, type Field } from '../admin/command.ts'
import { readArguments } from './arguments.ts'
import type { Terminal } from './ask-secret.ts'

/** A question's answer must not be longer; nobody types more. */
const longest = 2000

/**
 * Asks on the terminal for each field of a command that is not a secret, in the order of its help; an empty line takes the
 * default or leaves it out. Gives the arguments as they would have been typed, or undefined when it was given up.
 */
export async function guide(command: Command, terminal: Terminal): Promise<string[] | undefined> {
  const lines = createInterface({
    input: terminal.input as unknown as NodeJS.ReadableStream,
    output: terminal.prompt as unknown as NodeJS.WritableStream,
    terminal: false,
  })
  const answers = lines[Symbol.asyncIterator]()
  const say = (text: string) => void terminal.prompt.write(text)
  const ask = async (question: string) => {
    say(question)
    const { value, done } = await answers.next()
    return done ? undefined : value.trim().slice(0, longest)
  }
  try {
    say(`${command.summary}. Empty: as usual, or left out. Ctrl-D: nothing is done.\n`)
    const words: string[] = []
    for (const [name, field] of Object.entries(command.fields)) {
      if (field.type === 'secret' || field.type === 'boolean') continue
      const given = await askField(command, name, field, ask, say)
      if (given === undefined) return undefined
      words.push(...given)
    }
    say(`The same with flags:\n  npx yideng ${[command.noun, command.verb ?? '', ...words.map(quoted)].join(' ')}\n`)
    return words
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
