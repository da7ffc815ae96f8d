import { nameOf, type Command, type CommandName, type CommandSummary } from './command.ts'
import { listed } from './command-list.ts'

/** The names and summaries of all commands, in the order of the help. */
export const commandList: readonly CommandSummary[] = Object.entries(listed).map(([name, { summary }]) => {
  const [noun = '', verb] = name.split(' ')
  return { noun, ...(verb === undefined ? {} : { verb }), summary }
})

/** The command of this name; undefined where there is none. */
export async function findCommand(name: CommandName): Promise<Command | undefined> {
  const summary = commandList.find((one) => nameOf(one) === nameOf(name))
  const module = summary && (await listed[nameOf(summary)]?.load())
  return module && { ...summary, ...module.default }
}

/** Every command, in the order of the help. */
export async function allCommands(): Promise<Command[]> {
  return (await Promise.all(commandList.map(findCommand))).filter((command) => command !== undefined)
}
