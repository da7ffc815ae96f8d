import type { AdministratorRole } from '../accounts/administrators.ts'
import type { CommandContext } from './command-context.ts'
import type { Duty } from './duties.ts'
import type { Fields, Input, Values } from './fields.ts'
import type { Failure, Outcome, Problem } from './outcome.ts'

/** The words that name a command: `client create`. */
export interface CommandName {
  noun: string
  /** Undefined for a command of one word, such as `doctor`. */
  verb?: string
}

/** What the overview shows of a command. */
export interface CommandSummary extends CommandName {
  /** What it does: a short phrase that begins with a verb. */
  summary: string
}

/** The questions of a command on a terminal. */
export interface Guide {
  /** Asked always, in plain words. A flag has its own meaning in the help. */
  first: Readonly<Record<string, string>>
  /** Asked where the person wants more, under these titles. */
  more: Readonly<Record<string, readonly string[]>>
  /** The problems of the answers so far. The guide shows those of the field that it just asked. */
  check(input: Input): Problem[]
}

/** An act of a clerk for the person found: a command with the id of the account. */
export interface CounterAct {
  title: string
  command: CommandName
  flags?: readonly string[]
  /** What the clerk confirms first. */
  check?: string
  /** Fields of the command, each with its question. A reason is asked always. */
  asks: Readonly<Record<string, string>>
  /** Whether the act fits, by the answer of `look`; always without it. */
  where?(facts: Readonly<Record<string, unknown>>): boolean
}

/** The conversation of a clerk at a counter: it finds a person, shows the account, and offers acts. */
export interface Counter {
  question: string
  /** The command that shows the account. */
  look: CommandName
  acts: readonly CounterAct[]
}

/** What the help and docs/cli.md show of a command. */
export interface CommandHelp extends CommandSummary {
  /** In the order of the help. */
  fields: Fields
  example: string
  /** On a terminal and without flags, the command asks for its fields one by one. */
  guide?: Guide
  /** On a terminal and without flags, the command finds a person and offers what to do for them. */
  counter?: Counter
}

/**
 * The subject of a command. It decides the region (remote/subject-region.ts), and so who may run the command.
 * `rows` lists entries; the command itself drops those that `context.sees` refuses. `system` concerns the whole system.
 */
export type Subject = 'portal' | 'organisation' | 'administrator' | 'approval' | 'rows' | 'system'

/** Who may run a command remotely (`--server`), and who else must agree. */
export interface RemoteAccess extends Duty {
  role: AdministratorRole
  about: Subject
}

/** Who may run a command remotely. An administrator on the server itself may run every command. */
export type Access =
  | RemoteAccess
  /** Not remotely; the text says why. */
  | { local: string }

/** An act of an administrator, as data: the command line, its help, docs/cli.md and the remote API read it. */
export interface Command extends CommandHelp {
  access: Access
  /**
   * Replaces what the input says about a person by the id of the account: authorisation and approval see the id only.
   * @param command its name, for the audit log
   */
  resolve?(context: CommandContext, input: Input, command: string): Promise<Resolved>
  run(context: CommandContext, input: Input): Promise<Outcome>
}

/** The input that a command runs with, or why there is none. */
export type Resolved = { ok: true; input: Input } | Failure

/** The input with ids in place of what names people. */
export const resolvedInput = async (context: CommandContext, command: Command, input: Input): Promise<Resolved> =>
  command.resolve ? command.resolve(context, input, nameOf(command)) : { ok: true, input }

/** A command without its entry in the list (commands.ts). */
export type CommandDefinition = Omit<Command, keyof CommandSummary>

/** A command in the list. */
export interface ListedCommand {
  summary: string
  /** Loads the file of the command when it is used: the help of all commands must be quick. */
  load(): Promise<{ default: CommandDefinition }>
}

/** Defines a command. Its `run` gets the input in the types of its fields. */
export function command<const F extends Fields>(
  definition: Omit<CommandDefinition, 'fields' | 'run'> & {
    fields: F
    run(context: CommandContext, input: Values<F>): Promise<Outcome>
  },
): CommandDefinition
export function command(definition: CommandDefinition): CommandDefinition {
  return definition
}

export const nameOf = ({ noun, verb }: CommandName) => (verb ? `${noun} ${verb}` : noun)
