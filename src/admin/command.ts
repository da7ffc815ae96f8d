import type { AdministratorRole } from '../accounts/administrators.ts'
import type { CommandContext } from './command-context.ts'

/** What each type of field is once it is parsed. */
interface Parsed {
  text: string
  number: number
  boolean: boolean
  list: string[]
  /** On the command line: the name of a JSON file. */
  json: unknown
  /** Never an argument: read from standard input, or asked for on the terminal. */
  secret: string
}

/** Input of any command, parsed by its fields. */
export type Input = Record<string, unknown>

/** One thing a command is told. */
export interface Field {
  type: keyof Parsed
  meaning: string
  /** Given by its place behind the verb, not by a flag. */
  positional?: true
  required?: true
  default?: string | number
  choices?: readonly string[]
  /** On the server itself only: it names a file there, or shows more than the command's role may see. */
  local?: true
  /** Shown for the value in the help. */
  placeholder?: string
}

export type Fields = Readonly<Record<string, Field>>

/** The parsed input of a command with such fields. */
export type Values<F extends Fields> = {
  [K in keyof F]: F[K] extends { required: true } | { default: string | number } | { type: 'boolean' }
    ? Parsed[F[K]['type']]
    : Parsed[F[K]['type']] | undefined
}

/** Something that keeps a command from being done; `field` is one of the command's own where it has to do with one. */
export interface Problem {
  field?: string
  message: string
}

export interface Table {
  columns: string[]
  rows: (string | number | null | undefined)[][]
}

/** What a command answers; expected failures are values. */
export type Outcome =
  | {
      ok: true
      /** The whole answer, as JSON. */
      document: unknown
      /** How people are shown it: a table or lines; without either, the document field by field. */
      shown?: Table | string[]
      /** Said to people after it. */
      notes?: string[]
      /** What was not as it should be, although an answer could be given. */
      fault?: string
    }
  | { ok: false; kind: FailureKind; problems: Problem[] }

export type FailureKind = 'invalid' | 'not_found' | 'forbidden' | 'failed'

/**
 * What a command is about, which says where it lies (src/admin/remote/where.ts) and so who may do it: `rows` shows a list, of
 * which it leaves out itself what `desk.sees` says no to; `house` concerns the whole of it.
 */
export type About = 'portal' | 'organisation' | 'administrator' | 'approval' | 'rows' | 'system'

/**
 * Who may do a command from afar (`--server`); whoever works on the server itself may do everything. Who else must agree follows
 * from what it touches: src/admin/duties.ts.
 */
export type Access =
  | {
      role: AdministratorRole
      about: About
    }
  /** Not from afar, and why. */
  | { local: string }

/**
 * Something an administrator can do, as data: the command line, its help and docs/cli.md are made from it.
 * The order of `fields` is the order in the help.
 */
export interface Command extends Described {
  access: Access
  run(context: CommandContext, input: Input): Promise<Outcome>
}

/** What the help and the documentation say of a command. */
export interface Described {
  noun: string
  /** None for a command of one word. */
  verb?: string
  /** What it does, in a few words that begin with a verb. */
  summary: string
  fields: Fields
  example: string
  /** Without any flag on a terminal it asks for its fields one by one. */
  guided?: true
}

/** Says what a command is; its `run` is given the input in the types of its fields. */
export function command<const F extends Fields>(
  definition: Omit<Command, 'fields' | 'run'> & {
    fields: F
    run(context: CommandContext, input: Values<F>): Promise<Outcome>
  },
): Command
export function command(definition: Command): Command {
  return definition
}

/** The id that most commands are about. */
export const idField = (of: string) =>
  ({ type: 'text', positional: true, required: true, placeholder: 'ID', meaning: `id of the ${of}` }) as const

/** Where a page of a list begins. */
export const afterField = {
  type: 'text',
  placeholder: 'ID',
  meaning: 'begin after this one: the last id of the page before',
} as const

const mostListed = 1000

/** How many entries of a list are shown. */
export const limitField = {
  type: 'number',
  default: 50,
  placeholder: 'NUMBER',
  meaning: `how many, at most ${mostListed}`,
} as const

/** What is wrong with such a limit, if anything. */
export const limitFault = (limit: number): Outcome | undefined =>
  limit >= 1 && limit <= mostListed
    ? undefined
    : invalid({ field: 'limit', message: `must be between 1 and ${mostListed}` })

/** How the next page is asked for, where more was found than is shown. */
export const nextPage = (noun: string, limit: number, found: readonly { id: string }[]): string[] =>
  found.length > limit ? [`More: npx yideng ${noun} list --limit ${limit} --after ${found[limit - 1]?.id}`] : []

/** The flag a field is given by, without its hyphens. */
export const flagOf = (name: string, { type }: Field) => (type === 'secret' ? `${name}-stdin` : name)

/** `client create` */
export const nameOf = ({ noun, verb }: Pick<Command, 'noun' | 'verb'>) => (verb ? `${noun} ${verb}` : noun)

export const invalid = (...problems: Problem[]): Outcome => ({ ok: false, kind: 'invalid', problems })

/** It was understood and allowed, and could not be done. */
export const failed = (...messages: string[]): Outcome => ({
  ok: false,
  kind: 'failed',
  problems: messages.map((message) => ({ message })),
})

export const forbidden = (message: string, field?: string): Outcome & { ok: false } => ({
  ok: false,
  kind: 'forbidden',
  problems: [{ message, ...(field === undefined ? {} : { field }) }],
})

export const notFound = (what: string, id: string): Outcome => ({
  ok: false,
  kind: 'not_found',
  problems: [{ message: `There is no ${what} with the id ${JSON.stringify(id)}.` }],
})

export const iso = (time: number) => new Date(time).toISOString()
