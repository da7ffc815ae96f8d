import { nameOf, type Command, type CommandName, type CommandSummary } from '../admin/command.ts'
import { commandList, findCommand } from '../admin/commands.ts'
import { commandHelp, nounHelp, overallHelp } from './help.ts'
import type { Line, Screen } from './layout.ts'
import { nearest } from './nearest.ts'
import { sessionCommands, type SessionCommand } from './remote/session-commands.ts'

export type AnyCommand = Command | SessionCommand

const all: readonly CommandSummary[] = [...commandList, ...sessionCommands]

async function load(name: CommandName): Promise<AnyCommand> {
  const command = sessionCommands.find((one) => nameOf(one) === nameOf(name)) ?? (await findCommand(name))
  if (!command) throw new Error(`${nameOf(name)} is not in the list of commands`)
  return command
}

/** The command that the first words name with its other words, or help, or the problem with these words. */
export async function commandOf(
  words: readonly string[],
  help: boolean,
  screen: Screen,
): Promise<{ command: AnyCommand; words: string[] } | { help: Line[] } | { unknown: string }> {
  const [noun, verb] = words
  if (noun === undefined) return { help: overallHelp(all, await exampleOf(all), screen) }
  const ofNoun = all.filter((one) => one.noun === noun)
  if (ofNoun.length === 0)
    return {
      unknown: unknownWord(`There is no ${JSON.stringify(noun)}.`, noun, [...new Set(all.map((one) => one.noun))]),
    }
  const single = ofNoun.find((one) => one.verb === undefined)
  if (!single && verb === undefined) return { help: nounHelp(noun, ofNoun, await exampleOf(ofNoun), screen) }
  const found = single ?? ofNoun.find((one) => one.verb === verb)
  if (!found) {
    const verbs = ofNoun.flatMap((one) => one.verb ?? [])
    return { unknown: unknownWord(`"${noun}" cannot ${JSON.stringify(verb ?? '')}.`, verb ?? '', verbs) }
  }
  const command = await load(found)
  return help ? { help: commandHelp(command, screen) } : { command, words: words.slice(single ? 1 : 2) }
}

/** The example of the first command. */
async function exampleOf(commands: readonly CommandSummary[]): Promise<string> {
  const [first] = commands
  return first ? (await load(first)).example : ''
}

function unknownWord(beginning: string, word: string, known: string[]): string {
  const near = nearest(word, known)
  return `${beginning} ${near ? `Did you mean ${near}?` : `Known are: ${known.join(', ')}.`}`
}
